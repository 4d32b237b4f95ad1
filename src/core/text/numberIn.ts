import { fromDecimal, type Rational, rational } from "./Rational.ts"

/** The one number that an answer states. */
export interface StatedNumber {
  readonly value: Rational
  /** Written with % or "percent". */
  readonly percent: boolean
  /** Whether it was written as a bare number, with no sign, unit or word around it. */
  readonly bare: boolean
}

/** What an answer text says as a number; `None` tells why. */
export type NumberReading =
  | { readonly _tag: "One"; readonly number: StatedNumber }
  | { readonly _tag: "None"; readonly reason: string }

const none = (reason: string): NumberReading => ({ _tag: "None", reason })

/** Wrappers that change no value: LaTeX boxes, fractions and spaces, thousands separators, typographic signs. */
export const plainText = (text: string): string =>
  text
    .replace(/[\u2212\u2013]/g, "-")
    .replace(/[\u00a0\u202f\u2009]/g, " ")
    .replace(/\\(?:d|t)?frac\s*\{\s*(-?\d+)\s*\}\s*\{\s*(\d+)\s*\}/g, " $1/$2")
    .replace(/\\(?:boxed|text|textbf|mathrm|mathbf)\s*\{([^{}]*)\}/g, " $1 ")
    .replace(/\^\s*\{?\s*\\circ\s*\}?|\\(?:degree|approx|left|right|q?quad)(?![a-zA-Z])/g, " ")
    .replace(/\\[()[\],;! ]/g, " ")
    .replace(/\\%/g, "%")
    .replace(/(?<=\d)\{,\}(?=\d{3})/g, ",")
    .replace(/(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,]*\d)/g, (m) => m.replaceAll(",", ""))
    .trim()

const NUMBER = /(?<![\w.])(-?)\s?[$€£¥]?\s?(-?)((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?)(?:\s?\/\s?(\d+)(?![\d.]))?/g
const MIXED = /(?<![\w./])(-?)(\d+)\s+(\d+)\/(\d+)(?![\d.])/

/** What makes digits part of a formula: a command that is left, a power, an unknown beside an operator or coefficient. */
const FORMULA = /\\[a-z]|[\^√π]|\d\s*[xyz](?!-?[a-z])|(?<![a-z])[a-z]\s*[-+*/]\s*\d|\d\s*[-+*/]\s*[a-z](?![a-z])/i

const isPercent = (after: string): boolean => /^\s*(?:%|percent\b)/i.test(after)

/**
 * Reads the one number of an answer: "$18", "1,000", "18.0", "18 dollars", "1/2", "2 1/2", "50%", "x = 5",
 * "\frac{1}{2}", "-3". A text with no number, or with several different ones ("12 or 13", "3 + 4"), has none: which is
 * meant must not be guessed. Nor has a formula ("2\sqrt{2}", "x^2", "3x", "x + 1"), whatever digits it is written with.
 */
export const numberIn = (text: string): NumberReading => {
  const plain = plainText(text)
  if (FORMULA.test(plain)) return none("a formula, not one number")
  const mixed = MIXED.exec(plain)
  if (mixed !== null) {
    const [all, sign, whole, n, d] = mixed
    const value = rational((BigInt(whole!) * BigInt(d!) + BigInt(n!)) * (sign === "-" ? -1n : 1n), BigInt(d!))
    const rest = plain.slice(0, mixed.index) + plain.slice(mixed.index + all.length)
    if (value === undefined) return none("a denominator is 0")
    if (/\d/.test(rest)) return none("several numbers")
    const percent = isPercent(plain.slice(mixed.index + all.length))
    return { _tag: "One", number: { value, percent, bare: rest.trim() === "" } }
  }
  const found: Array<StatedNumber> = []
  for (const match of plain.matchAll(NUMBER)) {
    const [all, outer, inner, digits, denominator] = match
    const numerator = fromDecimal(`${outer === "-" || inner === "-" ? "-" : ""}${digits}`)
    if (numerator === undefined) return none("a number too long to compare")
    const value = rational(numerator.n, numerator.d * BigInt(denominator ?? "1"))
    if (value === undefined) return none("a denominator is 0")
    const end = match.index + all.length
    const bare = plain === all && text.trim() === all && denominator === undefined
    found.push({ value, percent: isPercent(plain.slice(end)), bare })
  }
  const [first, ...others] = found
  if (first === undefined) return none("no number")
  // Digits that the pattern did not take belong to something else, e.g. an identifier or a date.
  const taken = [...plain.matchAll(NUMBER)].reduce((n, m) => n + m[0].replace(/\D/g, "").length, 0)
  if (taken !== plain.replace(/\D/g, "").length) return none("digits that are no number of their own")
  const same = others.every(
    (o) => o.percent === first.percent && o.value.n === first.value.n && o.value.d === first.value.d
  )
  return same ? { _tag: "One", number: { ...first, bare: first.bare && others.length === 0 } } : none("several numbers")
}
