import { Rng } from "../tensor/index.ts"
import { ThinkAnswer } from "../text/index.ts"
import { type Perturbation, perturbation } from "./Perturbation.ts"

/** A line of a trace: text and numbers by turns, and no numbers unless it is an equation `a op b [op c ...] = r`. */
type Line = ReadonlyArray<string>

const EQUATION = /^\D*\d+(?:\s*[-+]\s*\d+)+\s*=\s*\d+\D*$/

const parse = (line: string): Line => (EQUATION.test(line) ? line.split(/(\d+)/) : [line])
const isEquation = (line: Line): boolean => line.length > 1

const LEFT = 1
const resultAt = (line: Line): number => line.length - 2
const numberAt = (line: Line, at: number): number => Number(line[at])
/** Places of the operands; each has its sign before it. */
const operandsAt = (line: Line): ReadonlyArray<number> =>
  Array.from({ length: (line.length - 5) / 2 }, (_, i) => 2 * i + 3)

/** The equation with its result worked out from its left side. */
const solved = (line: Line): Line => {
  let value = numberAt(line, LEFT)
  for (const at of operandsAt(line)) value += (line[at - 1]!.includes("+") ? 1 : -1) * numberAt(line, at)
  return line.with(resultAt(line), String(value))
}

const slips = [1, -1, 1, -1, 2, -2, 3, -3, 10, -10]

/** Another number a slip away, or now and then up to 9; never negative. */
const near = (x: number, rng: Rng.Rng): number => {
  const by = slips[Rng.int(rng, slips.length + 1)] ?? Rng.between(rng, -9, 9)
  return by === 0 || x + by < 0 ? near(x, rng) : x + by
}

/** An error in a trace of equations. */
export type EquationError =
  /** A result is miscalculated. */
  | "wrong-result"
  /** An operand is misread (near it, or another of the trace, at least 1); the result follows from it. */
  | "wrong-operand"
  /** A + becomes -, or a - becomes +; the result follows from it. */
  | "wrong-operator"
  /** The left number, i.e. what is carried over, is miscopied; the result follows from it. */
  | "wrong-carry"
  /** The trace is right, the final answer is not. */
  | "wrong-answer"
  /** One of several equations is left out. */
  | "dropped-line"

/** How often each error is made in the mix. */
const errorShares: ReadonlyArray<readonly [kind: EquationError, share: number]> = [
  ["wrong-result", 0.5],
  ["wrong-operand", 0.15],
  ["wrong-operator", 0.1],
  ["wrong-carry", 0.08],
  ["wrong-answer", 0.1],
  ["dropped-line", 0.07]
]

export const equationErrors: ReadonlyArray<EquationError> = errorShares.map(([kind]) => kind)

/** The equation with an error in it; `operands` are all those of the trace. */
const err = (line: Line, kind: EquationError, operands: ReadonlyArray<number>, rng: Rng.Rng): Line => {
  switch (kind) {
    case "wrong-result":
      return line.with(resultAt(line), String(near(numberAt(line, resultAt(line)), rng)))
    case "wrong-operand": {
      const at = Rng.pick(rng, operandsAt(line))
      const operand = Rng.pick(rng, [...operands, near(numberAt(line, at), rng)])
      return solved(line.with(at, String(Math.max(1, operand))))
    }
    case "wrong-operator": {
      const at = Rng.pick(rng, operandsAt(line)) - 1
      return solved(
        line.with(
          at,
          line[at]!.replace(/[-+]/, (sign) => (sign === "+" ? "-" : "+"))
        )
      )
    }
    case "wrong-carry":
      return solved(line.with(LEFT, String(near(numberAt(line, LEFT), rng))))
    default:
      return line
  }
}

const withFinalAnswer = (text: string, was: number, becomes: number): string => {
  const block = ThinkAnswer.answer(text)
  if (block._tag === "Missing" || block.text !== String(was)) return text
  return text.slice(0, block.span.start) + String(becomes) + text.slice(block.span.end)
}

/**
 * An error in the equations of a think block, one a line, each with one operation or more: `so 12 - 4 + 9 = 17 apples.`
 *
 * With `propagate` the equations after the error carry its result on and are worked out rightly, and so is the final
 * answer: the trace is wrong in one place and consistent. Without, they stay as the expert wrote them. A change that
 * would need a negative number is not made.
 *
 * @param kind the error   @param propagate the probability that later equations follow the error, default 0.7
 */
export const corruptEquation = (kind: EquationError, propagate: number = 0.7): Perturbation =>
  perturbation(kind, (completion, rng) => {
    const block = ThinkAnswer.think(completion)
    if (block._tag === "Missing") return undefined
    const lines = block.text.split("\n").map(parse)
    const equations = lines.filter(isEquation)
    const last = equations.at(-1)
    if (last === undefined || (kind === "dropped-line" && equations.length === 1)) return undefined
    const answer = numberAt(last, resultAt(last))
    if (kind === "wrong-answer") return withFinalAnswer(completion, answer, near(answer, rng))
    const line = Rng.pick(rng, equations)
    const operands = equations.flatMap((e) => operandsAt(e).map((at) => numberAt(e, at)))
    const wrong = kind === "dropped-line" ? undefined : err(line, kind, operands, rng)
    const carryOn = Rng.uniform(rng) < propagate
    let carried = wrong === undefined ? numberAt(line, LEFT) : numberAt(wrong, resultAt(wrong))
    const place = lines.indexOf(line)
    const after = lines.slice(place + 1).map((later) => {
      if (!carryOn || !isEquation(later)) return later
      const follows = solved(later.with(LEFT, String(carried)))
      carried = numberAt(follows, resultAt(follows))
      return follows
    })
    const changed = [...lines.slice(0, place), ...(wrong === undefined ? [] : [wrong]), ...after]
    if (changed.some((l) => isEquation(l) && l.some((part) => /^-\d/.test(part)))) return undefined
    const trace = changed.map((l) => l.join("")).join("\n")
    const text = completion.slice(0, block.span.start) + trace + completion.slice(block.span.end)
    return withFinalAnswer(text, answer, carryOn ? carried : answer)
  })

/** Every kind of equation error. */
export const equationPerturbations = (propagate = 0.7): ReadonlyArray<Perturbation> =>
  equationErrors.map((kind) => corruptEquation(kind, propagate))

/**
 * One error an equation trace, drawn anew each time: the default negatives of the arithmetic task. Half are wrong
 * results, since that is how a policy errs most; operands .15, operators .1, carries .08, answers .1, drops .07.
 */
export const arithmeticPerturbation = (propagate = 0.7): Perturbation => {
  const mix = equationPerturbations(propagate)
  const shares = errorShares.map(([, share]) => share)
  return { name: "arithmetic", apply: (completion, rng) => mix[Rng.weighted(rng, shares)]!.apply(completion, rng) }
}
