import { Outcomes } from "../data/index.ts"
import { type AnswerCheck, answerCheck, sameNumber } from "./AnswerCheck.ts"
import { numberIn, plainText } from "./numberIn.ts"
import * as Rational from "./Rational.ts"

/** A unit as a multiple of its dimension's base. */
export interface Unit {
  readonly dimension: string
  readonly factor: Rational.Rational
}

/** Names by dimension, with exact factors. */
const table: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  length: {
    "0.001": "mm millimeter millimetre",
    "0.01": "cm centimeter centimetre",
    "1": "m meter metre",
    "1000": "km kilometer kilometre",
    "0.0254": "in inch inches",
    "0.3048": "ft foot feet",
    "0.9144": "yd yard",
    "1609.344": "mi mile"
  },
  mass: {
    "0.001": "mg milligram",
    "1": "g gram",
    "1000": "kg kilogram",
    "453.59237": "lb lbs pound",
    "28.349523125": "oz ounce"
  },
  time: { "1": "s sec second", "60": "min minute", "3600": "h hr hour", "86400": "day", "604800": "week" },
  volume: { "0.001": "ml milliliter millilitre", "1": "l liter litre" },
  money: { "1": "dollar usd", "0.01": "cent" }
}

const units: ReadonlyMap<string, Unit> = new Map(
  Object.entries(table).flatMap(([dimension, factors]) =>
    Object.entries(factors).flatMap(([factor, names]) =>
      names.split(" ").map((name) => [name, { dimension, factor: Rational.fromDecimal(factor)! }] as const)
    )
  )
)

/** The unit of that name, in the singular or the plural; `undefined` where there is none. */
export const unitNamed = (name: string): Unit | undefined => units.get(name) ?? units.get(name.replace(/s$/, ""))

/**
 * The unit of a quantity: the one word after its number, "$" before it. Unknown where the word is no unit, or where
 * more follows ("dollars per day"), which is no such unit.
 */
export const unitOf = (text: string): Unit | undefined => {
  const plain = plainText(text).replace(/[.$\s]+$/, "")
  const after = /^[^\d]*[\d.,/\s]*\d\.?\s*([a-zA-Z]+)$/.exec(plain)?.[1]?.toLowerCase()
  if (after !== undefined) return unitNamed(after)
  return /^-?\s*\$\s?-?[\d.,]+$/.test(plain) ? units.get("dollar") : undefined
}

/**
 * Equality of quantities: numbers as by the number check, and where both sides name a unit that is known, of what they
 * measure: 50 cm is 0.5 m and is not 50 m; 5 kg is not 5 m. A unit on one side only is ignored.
 */
export const quantity: AnswerCheck = answerCheck("quantity", (g, p) => {
  const [golden, predicted] = [numberIn(g), numberIn(p)]
  if (golden._tag === "None") return Outcomes.unverifiable(`the gold answer ${JSON.stringify(g)}: ${golden.reason}`)
  if (predicted._tag === "None") return Outcomes.scored(0, `the prediction: ${predicted.reason}`)
  const [a, b] = [unitOf(g), unitOf(p)]
  const verdict = (right: boolean, reason: string) => Outcomes.scored(right ? 1 : 0, reason)
  if (a === undefined || b === undefined)
    return verdict(sameNumber(golden.number, predicted.number), "compared as numbers")
  if (a.dimension !== b.dimension)
    return Outcomes.scored(0, `the gold answer is a ${a.dimension}, the prediction a ${b.dimension}`)
  const measured = (value: Rational.Rational, unit: Unit) =>
    Rational.rational(value.n * unit.factor.n, value.d * unit.factor.d)!
  const same = Rational.equal(measured(golden.number.value, a), measured(predicted.number.value, b))
  return verdict(same, "compared as quantities")
})
