import { plainFormula } from "./latex.ts"
import { numberIn } from "./numberIn.ts"
import * as Rational from "./Rational.ts"

/**
 * The form in which equal answers vote together: a number as its exact value ("$18", "18.0" and "18" are one), anything
 * else as its text without mathematical dress, case and repeated white space. Nothing is guessed: formulas that are equal
 * but written otherwise stay apart.
 *
 * @returns `undefined` for an answer that is missing or empty, which does not vote
 */
export const canonicalAnswer = (answer: string | null | undefined): string | undefined => {
  if (answer === null || answer === undefined || answer.trim() === "") return undefined
  const reading = numberIn(answer)
  if (reading._tag === "One") return Rational.show(reading.number.value) + (reading.number.percent ? "%" : "")
  return plainFormula(answer).toLowerCase().replace(/\s+/g, " ").trim()
}
