import { Outcomes } from "../data/index.ts"
import { gold, prediction } from "./AnswerCheck.ts"
import { multipleChoice } from "./multipleChoice.ts"
import * as Rational from "./Rational.ts"
import { tags } from "./ThinkAnswer.ts"

/**
 * The tag text of published tables: after the last opening answer tag, to the next closing one. It is missing when
 * neither tag is there; a lone closing tag makes all before it the text.
 */
export const tagText = (completion: string): string | undefined => {
  const open = completion.lastIndexOf(tags.openAnswer)
  const from = open < 0 ? 0 : open + tags.openAnswer.length
  const close = completion.indexOf(tags.closeAnswer, from)
  if (open < 0 && close < 0) return undefined
  return completion.slice(from, close < 0 ? undefined : close).trim()
}

const lastNumber = (text: string): Rational.Rational | undefined => {
  const found = text.match(/[-+]?\$?\d[\d,]*(?:\.\d+)?/g)?.at(-1)
  return found === undefined ? undefined : Rational.fromDecimal(found.replace(/[$,]/g, ""))
}

/** From the gold answer and a whole completion to the lenient verdict, as published tables have it. */
export type FormatAdjusted = (goldAnswer: string, completion: string) => boolean

/** The last number of the tag text is the gold answer's last number; without a tag it is wrong. */
export const formatAdjustedNumber: FormatAdjusted = (goldAnswer, completion) => {
  const [g, p] = [lastNumber(goldAnswer), lastNumber(tagText(completion) ?? "")]
  return g !== undefined && p !== undefined && Rational.equal(g, p)
}

/** The multiple-choice check on the tag text, or on the whole completion where it has no tag. */
export const formatAdjustedChoice =
  (options: ReadonlyArray<string>): FormatAdjusted =>
  (goldAnswer, completion) =>
    Outcomes.isCorrect(
      multipleChoice(options).check(gold(goldAnswer), prediction(tagText(completion) ?? completion))
    ) === true
