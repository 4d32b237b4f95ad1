import { Context, Effect, Layer } from "effect"
import { type Outcome, Outcomes } from "../data/index.ts"
import { type Gold, type Prediction, sameText } from "./AnswerCheck.ts"
import { plainFormula, rightHandSide, statements } from "./latex.ts"
import { multipleChoice } from "./multipleChoice.ts"
import { numberIn } from "./numberIn.ts"
import { quantity } from "./quantity.ts"

/**
 * Tells whether two formulas in LaTeX are equal. It may think for long, so it is given up after a while: the outcome is
 * TimedOut then, and it is never waited for without end.
 */
export class FormulaEquality extends Context.Service<
  FormulaEquality,
  { readonly compare: (gold: string, prediction: string) => Effect.Effect<Outcome> }
>()("rewardflow/FormulaEquality") {}

const FORMULA = /[\\^_=+*/<>|()[\]{}\d]/

const unknownOf = (statement: string): string | undefined => /^\s*([a-zA-Z])\s*=/.exec(statement)?.[1]

const compareStatements = (gold: string, prediction: string) => {
  const [g, p] = [unknownOf(gold), unknownOf(prediction)]
  if (g !== undefined && p !== undefined && g !== p)
    return Effect.succeed(Outcomes.scored(0, `the gold answer is of ${g}, the prediction of ${p}`))
  if (prediction.split("=").length > Math.max(2, gold.split("=").length))
    return Effect.succeed(Outcomes.scored(0, "the prediction equates several things"))
  const [a, b] = [rightHandSide(gold), rightHandSide(prediction)]
  if (a.replace(/\s+/g, "") === b.replace(/\s+/g, ""))
    return Effect.succeed(Outcomes.scored(1, "compared as formulas, letter by letter"))
  return FormulaEquality.use(({ compare }) => compare(a, b))
}

/** The worst of several outcomes: one that is wrong decides, then one that is not known. */
const together = (outcomes: ReadonlyArray<Outcome>): Outcome =>
  outcomes.find((o) => Outcomes.isCorrect(o) === false) ??
  outcomes.find((o) => Outcomes.isCorrect(o) === undefined) ??
  outcomes[0]!

/**
 * The one check of a final answer: multiple choice where options are given; else quantities where the gold answer is
 * one number; else formulas, or texts where the gold answer is none.
 *
 * Gold and prediction are not interchangeable: a prediction that names the gold answer among others is wrong, and one
 * that is missing or cannot be read is wrong too; only a gold answer that cannot be read is Unverifiable.
 *
 * @param options texts of a multiple-choice question, in the order of their letters
 * @see specs/11-answers.md
 */
export const checkAnswer = (
  gold: Gold,
  prediction: Prediction,
  options?: ReadonlyArray<string>
): Effect.Effect<Outcome, never, FormulaEquality> => {
  if (prediction.text === undefined || prediction.text.trim() === "")
    return Effect.succeed(Outcomes.scored(0, "no answer given"))
  if (options !== undefined) return Effect.succeed(multipleChoice(options).check(gold, prediction))
  if (numberIn(gold.text)._tag === "One") {
    const asNumber = quantity.check(gold, prediction)
    // A formula may still be that number: \sqrt{16} is 4. Several numbers are several answers, whatever they are.
    return Outcomes.isCorrect(asNumber) === true || !/\\[a-zA-Z]|[\^√]/.test(prediction.text)
      ? Effect.succeed(asNumber)
      : compareAll(gold.text, prediction.text)
  }
  const [g, p] = [plainFormula(gold.text), plainFormula(prediction.text)]
  return FORMULA.test(g)
    ? compareAll(gold.text, prediction.text)
    : Effect.succeed(sameText.check({ ...gold, text: g }, { ...prediction, text: p }))
}

const compareAll = (gold: string, prediction: string): Effect.Effect<Outcome, never, FormulaEquality> => {
  const [wanted, given] = [statements(plainFormula(gold)), statements(plainFormula(prediction))]
  if (wanted.length === 0)
    return Effect.succeed(Outcomes.unverifiable(`the gold answer ${JSON.stringify(gold)} is empty`))
  if (given.length !== wanted.length)
    return Effect.succeed(Outcomes.scored(0, `${given.length} statements where the gold answer has ${wanted.length}`))
  return Effect.map(
    Effect.forEach(wanted, (one, i) => compareStatements(one, given[i]!)),
    together
  )
}

/** No engine for formulas: those that differ letter by letter have no verdict. */
export const withoutFormulas: Layer.Layer<FormulaEquality> = Layer.succeed(FormulaEquality, {
  compare: () => Effect.succeed(Outcomes.unverifiable("no engine for formulas is at hand"))
})
