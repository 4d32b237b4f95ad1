import { Rng } from "../tensor/index.ts"

/** A number as it stands in a text: thousands separators and decimals are kept when it changes. */
export interface WrittenNumber {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Numbers of a text that stand for themselves; not those within identifiers such as "H2O". */
export const numbersIn = (text: string): ReadonlyArray<WrittenNumber> =>
  [...text.matchAll(/(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(?![\w])/g)].map((m) => {
    // A minus after a number is an operator.
    const minus = m[0].startsWith("-") && /[\w)%]\s*$/.test(text.slice(0, m.index))
    const start = m.index + (minus ? 1 : 0)
    return { start, end: m.index + m[0].length, text: minus ? m[0].slice(1) : m[0] }
  })

const decimals = (text: string): number => (text.includes(".") ? text.length - text.indexOf(".") - 1 : 0)

export const valueOf = (text: string): number => Number(text.replaceAll(",", ""))

/** Writes a value in the manner of another number: its decimals, its thousands separators. */
export const writtenLike = (like: string, value: number, places = decimals(like)): string => {
  const plain = value.toFixed(places)
  return like.includes(",") ? plain.replace(/\B(?=(?:\d{3})+(?!\d))(?<!\.\d*)/g, ",") : plain
}

/** The number one last-place unit up or down: integers by 1. Never below 0 unless it was. */
export const nearby = (text: string, rng: Rng.Rng): string => {
  const unit = 10 ** -decimals(text)
  const value = valueOf(text)
  const down = Rng.uniform(rng) < 0.5 && (value < 0 || value - unit >= 0)
  return writtenLike(text, down ? value - unit : value + unit)
}

/** Integers move by one of 1, 2, 5, 10 either way, decimals by U(0.5, 2) with 3 decimals. Never below 0 unless it was. */
export const shifted = (text: string, rng: Rng.Rng): string => {
  const value = valueOf(text)
  const whole = decimals(text) === 0
  const by = whole ? Rng.pick(rng, [1, 2, 5, 10]) : 0.5 + 1.5 * Rng.uniform(rng)
  const down = Rng.uniform(rng) < 0.5 && (value < 0 || value - by >= 0)
  return writtenLike(text, down ? value - by : value + by, whole ? 0 : 3)
}

/** Replaces parts of a text; the parts are in order and do not overlap. */
export const replaceAt = (
  text: string,
  parts: ReadonlyArray<WrittenNumber>,
  change: (part: string) => string
): string => {
  let out = ""
  let at = 0
  for (const part of parts) {
    out += text.slice(at, part.start) + change(part.text)
    at = part.end
  }
  return out + text.slice(at)
}
