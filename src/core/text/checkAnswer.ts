import { Context, type Effect, Layer } from "effect"
import { type Outcome, Outcomes } from "../data/index.ts"
import { type AnswerCheck, answerCheck, type Gold, type Prediction, sameText } from "./AnswerCheck.ts"
import { plainFormula, rightHandSide, statements } from "./latex.ts"
import { multipleChoice } from "./multipleChoice.ts"
import { numberIn } from "./numberIn.ts"
import { quantity } from "./quantity.ts"

/**
 * Tells whether two formulas in LaTeX are equal. Thinking may take long, so it is given up after a while: the outcome is
 * TimedOut then, and nobody waits without end.
 */
export type FormulaComparison = (gold: string, prediction: string) => Outcome

/** An engine that compares formulas. */
export class FormulaEquality extends Context.Service<FormulaEquality, { readonly compare: FormulaComparison }>()(
  "rewardflow/FormulaEquality"
) {}

const FORMULA = /[\\^_=+*/<>|()[\]{}\d]/

const unknownOf = (statement: string): string | undefined => /^\s*([a-zA-Z])\s*=/.exec(statement)?.[1]

const compareStatements = (compare: FormulaComparison, gold: string, prediction: string): Outcome => {
  const [g, p] = [unknownOf(gold), unknownOf(prediction)]
  if (g !== undefined && p !== undefined && g !== p)
    return Outcomes.scored(0, `the gold answer is of ${g}, the prediction of ${p}`)
  if (prediction.split("=").length > Math.max(2, gold.split("=").length))
    return Outcomes.scored(0, "the prediction equates several things")
  const [a, b] = [rightHandSide(gold), rightHandSide(prediction)]
  return a.replace(/\s+/g, "") === b.replace(/\s+/g, "")
    ? Outcomes.scored(1, "compared as formulas, letter by letter")
    : compare(a, b)
}

/** The worst of several outcomes: one that is wrong decides, then one that is not known. */
const together = (outcomes: ReadonlyArray<Outcome>): Outcome =>
  outcomes.find((o) => Outcomes.isCorrect(o) === false) ??
  outcomes.find((o) => Outcomes.isCorrect(o) === undefined) ??
  outcomes[0]!

const compareAll = (compare: FormulaComparison, gold: string, prediction: string): Outcome => {
  const [wanted, given] = [statements(plainFormula(gold)), statements(plainFormula(prediction))]
  if (wanted.length === 0) return Outcomes.unverifiable(`the gold answer ${JSON.stringify(gold)} is empty`)
  if (given.length !== wanted.length)
    return Outcomes.scored(0, `${given.length} statements where the gold answer has ${wanted.length}`)
  return together(wanted.map((one, i) => compareStatements(compare, one, given[i]!)))
}

const judge = (compare: FormulaComparison, gold: string, prediction: string): Outcome => {
  if (numberIn(gold)._tag === "One") {
    const asNumber = quantity.check({ _tag: "Gold", text: gold }, { _tag: "Prediction", text: prediction })
    // A formula may still be that number: \sqrt{16} is 4. Several numbers are several answers, whatever they are.
    return Outcomes.isCorrect(asNumber) === true || !/\\[a-zA-Z]|[\^√]/.test(prediction)
      ? asNumber
      : compareAll(compare, gold, prediction)
  }
  const [g, p] = [plainFormula(gold), plainFormula(prediction)]
  return FORMULA.test(g)
    ? compareAll(compare, gold, prediction)
    : sameText.check({ _tag: "Gold", text: g }, { _tag: "Prediction", text: p })
}

/**
 * The check of answers that may be formulas: quantities where the gold answer is one number, else formulas, or texts
 * where it is none.
 *
 * Gold and prediction are not interchangeable: a prediction that names the gold answer among others is wrong, and one
 * that is missing or cannot be read is wrong too; only a gold answer that cannot be read is Unverifiable.
 *
 * @param compare decides where the letters differ   @see specs/11-answers.md
 */
export const formulaCheck = (compare: FormulaComparison): AnswerCheck =>
  answerCheck("formula", (gold, prediction) => judge(compare, gold, prediction))

/**
 * The one check of a final answer: multiple choice where options are given, else `formulaCheck`.
 *
 * @param options texts of a multiple-choice question, in the order of their letters
 */
export const checkAnswer = (
  gold: Gold,
  prediction: Prediction,
  options?: ReadonlyArray<string>
): Effect.Effect<Outcome, never, FormulaEquality> =>
  FormulaEquality.useSync(({ compare }) =>
    (options === undefined ? formulaCheck(compare) : multipleChoice(options)).check(gold, prediction)
  )

/** No engine for formulas: those that differ letter by letter have no verdict. */
export const letterByLetter: FormulaComparison = () => Outcomes.unverifiable("no engine for formulas is at hand")

/** `letterByLetter` where an engine is asked for. */
export const withoutFormulas: Layer.Layer<FormulaEquality> = Layer.succeed(FormulaEquality, { compare: letterByLetter })
