import { Effect, type FileSystem, Schema } from "effect"
import { type BadRows, type FileError, type Problem, type Source, Sources } from "../data/index.ts"
import { countReasons, type LeftOut } from "./choiceProblem.ts"
import type { StepRating, StepTrace } from "./StepTrace.ts"

/** The solutions that were labelled, and what else was: */
export interface Prm800k {
  /** One a row: the steps that were gone on with, up to the solution or the first wrong step. */
  readonly traces: ReadonlyArray<StepTrace>
  /** For each other step that was proposed: the trace up to it, ending with it. Only its last step is its own. */
  readonly alternatives: ReadonlyArray<StepTrace>
  readonly leftOut: LeftOut
}

const Completion = Schema.Struct({
  text: Schema.String,
  rating: Schema.optionalKey(Schema.NullOr(Schema.Literals([-1, 0, 1])))
})
const Step = Schema.Struct({
  completions: Schema.optionalKey(Schema.NullOr(Schema.Array(Completion))),
  /** What a labeller wrote where all that was proposed was wrong. */
  human_completion: Schema.optionalKey(Schema.NullOr(Schema.Struct({ text: Schema.String }))),
  chosen_completion: Schema.optionalKey(Schema.NullOr(Schema.Int))
}).check(
  Schema.makeFilter(({ completions, human_completion, chosen_completion: chosen }) => {
    const n = completions?.length ?? 0
    if (chosen !== undefined && chosen !== null && (chosen < 0 || chosen >= n))
      return { path: ["chosen_completion"], issue: `is none of the ${n} completions, which count from 0` }
    return n > 0 || human_completion ? undefined : { path: ["completions"], issue: "holds no step" }
  })
)
type Step = typeof Step.Type

const Row = Schema.Struct({
  question: Schema.Struct({
    problem: Schema.NonEmptyString,
    ground_truth_answer: Schema.optionalKey(Schema.NullOr(Schema.String))
  }),
  label: Schema.Struct({
    steps: Schema.Array(Step),
    finish_reason: Schema.optionalKey(Schema.NullOr(Schema.String))
  }),
  is_quality_control_question: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  is_initial_screening_question: Schema.optionalKey(Schema.NullOr(Schema.Boolean))
})
type Row = typeof Row.Type

interface Rated {
  readonly text: string
  readonly rating: StepRating
}

const rated = ({ text, rating }: typeof Completion.Type): Rated => ({ text, rating: rating ?? undefined })

/** The step gone on with: the chosen one, a labeller's own, which is right; where labelling ended, the solution's own. */
const ownOf = ({ completions, human_completion, chosen_completion: chosen }: Step): Rated => {
  if (chosen !== undefined && chosen !== null) return rated(completions![chosen]!)
  return human_completion ? { text: human_completion.text, rating: 1 } : rated(completions![0]!)
}

const othersOf = (step: Step): ReadonlyArray<Rated> => {
  const { completions, human_completion, chosen_completion: chosen } = step
  const own = chosen ?? (human_completion ? -1 : 0)
  return (completions ?? []).filter((_, i) => i !== own).map(rated)
}

/** Rows that are shown to every labeller, and broken problems. */
const unfit = (row: Row): string | undefined => {
  if (row.is_initial_screening_question === true) return "shown to screen labellers"
  if (row.is_quality_control_question === true) return "shown to control quality"
  if (row.label.finish_reason === "bad_problem") return "the problem is broken"
  return row.label.steps.length === 0 ? "no step was labelled" : undefined
}

const trace = (problem: Problem, steps: ReadonlyArray<Rated>): StepTrace => ({
  problem,
  steps: steps.map((s) => s.text),
  ratings: steps.map((s) => s.rating)
})

/**
 * PRM800K (Lightman et al. 2023): solutions of MATH problems whose steps people rated. In phase 2 labelling ends at the
 * first wrong step, so a trace may be a beginning; other steps proposed in its place are given apart.
 *
 * @see specs/26-tasks.md
 */
export const prm800k = (source: Source): Effect.Effect<Prm800k, FileError | BadRows, FileSystem.FileSystem> =>
  Effect.map(Sources.readAll(source, Row), (rows) => {
    const reasons: Array<string> = []
    const traces: Array<StepTrace> = []
    const alternatives: Array<StepTrace> = []
    rows.forEach((row, i) => {
      const reason = unfit(row)
      if (reason !== undefined) {
        reasons.push(reason)
        return
      }
      const { steps, finish_reason: finish } = row.label
      const gold = row.question.ground_truth_answer ?? ""
      const problem: Problem = {
        id: `prm800k-${i}`,
        prompt: row.question.problem,
        ...(gold === "" ? {} : { finalAnswer: gold })
      }
      const own = steps.map(ownOf)
      traces.push({ ...trace(problem, own), ...(finish === "solution" ? { finalAnswerCorrect: true } : {}) })
      steps.forEach((step, k) => {
        for (const other of othersOf(step)) alternatives.push(trace(problem, [...own.slice(0, k), other]))
      })
    })
    return { traces, alternatives, leftOut: countReasons(reasons) }
  })
