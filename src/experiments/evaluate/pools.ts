import type { ResultRow } from "../../core/data/index.ts"
import { Localisation, type RerankPool, type Selector, Selectors } from "../../core/evaluation/index.ts"
import type { StepVerdict } from "../../core/task/index.ts"
import { tokensOf } from "../../core/text/index.ts"

/** How unit rewards become the score of a trace, and the values of its steps. Chosen before the test rows are seen. */
export interface Reading {
  /** Trace score from unit rewards. */
  readonly trace: Selector
  /** Value of a step from the rewards of its tokens. */
  readonly step: Selector
  /** Suspicion of each step from their values. */
  readonly detector: Detector
}

/** From one value a step to one suspicion a step, higher = more suspect. */
export interface Detector {
  readonly name: string
  readonly suspicion: (values: ReadonlyArray<number>) => ReadonlyArray<number>
}

/** The step with the lowest value. */
export const lowest: Detector = { name: "lowest", suspicion: Localisation.lowest }

/** The largest fall from the step before; the first step falls from `level`, a value that right steps have. */
export const fall = (level: number): Detector => ({
  name: "largest fall",
  suspicion: (values) => values.map((x, s) => (s === 0 ? level : values[s - 1]!) - x)
})

/** The first step in the lower half of the trace's range; later ones are ordered by value. */
export const firstLow: Detector = {
  name: "first low",
  suspicion: (values) => {
    const finite = values.filter(Number.isFinite)
    const middle = (Math.min(...finite) + Math.max(...finite)) / 2
    const first = values.findIndex((x) => x <= middle)
    return values.map((x, s) => (s === first ? Number.MAX_VALUE : -x))
  }
}

/** Rewards of a row's units, in order. */
export const unitsOf = (row: ResultRow): ReadonlyArray<number> =>
  (row.reward_unit_ends ?? []).map((t) => row.reward_model_score?.[t] ?? Number.NaN)

const finite = (values: ReadonlyArray<number | null> | undefined): ReadonlyArray<number> =>
  (values ?? []).map((x) => x ?? Number.NaN)

/** Whether the row's answer is right; `undefined` where there is no verdict, and then the row is left out. */
export const isRight = (row: ResultRow): boolean | undefined =>
  row.correctness_reward_func === null ? undefined : row.correctness_reward_func > 0

/** Rows of one prompt together, prompts in order of their first row; rows without a verdict are left out. */
export const byPrompt = (rows: ReadonlyArray<ResultRow>): ReadonlyArray<ReadonlyArray<ResultRow>> => [
  ...Map.groupBy(
    rows.filter((row) => isRight(row) !== undefined),
    (row) => row.prompt_id ?? JSON.stringify(row.prompt)
  ).values()
]

/** A trace score of a row, higher = better. */
export type RowScore = (row: ResultRow) => number

/** The score of a row's rewards under a reading. */
export const rewardScore =
  (trace: Selector): RowScore =>
  (row) =>
    trace.select(unitsOf(row))

/** Mean log-probability of the tokens under the policy, in nats. */
export const logProbScore: RowScore = (row) => Selectors.mean.select(finite(row.policy_log_probs))

/** Completions of each prompt with all that a reranker may look at. */
export const rerankPools = (
  rows: ReadonlyArray<ResultRow>,
  scores: Readonly<Record<string, RowScore>>
): ReadonlyArray<RerankPool> =>
  byPrompt(rows).map((group) => ({
    correct: group.map((row) => isRight(row) === true),
    answers: group.map((row) => row.extracted_answer ?? undefined),
    scores: Object.fromEntries(Object.entries(scores).map(([name, of]) => [name, group.map(of)]))
  }))

/** One value a step of a trace, by reward and by log-prob, from values a token. */
export const stepValues = (
  row: Pick<ResultRow, "generation" | "token_offsets" | "reward_model_score" | "policy_log_probs">,
  steps: StepVerdict["steps"],
  step: Selector
): { readonly reward: ReadonlyArray<number>; readonly logProb: ReadonlyArray<number> } => {
  const starts = row.token_offsets ?? []
  const bounds = Int32Array.from([...starts, row.generation.content.length])
  // The last step holds the tokens after the text too: the end token has no characters.
  const spans = steps.map((span, s) => {
    const { start, end } = tokensOf(bounds, span)
    return { start, end: s === steps.length - 1 ? starts.length : end }
  })
  return {
    reward: Localisation.stepValues(finite(row.reward_model_score), spans, step),
    logProb: Localisation.stepValues(finite(row.policy_log_probs), spans, Selectors.min)
  }
}

/** Wrong traces whose first wrong step is known, judged by reward and by the least likely token. */
export const localisationRows = (
  rows: ReadonlyArray<ResultRow>,
  verdictOf: (row: ResultRow) => StepVerdict | undefined,
  reading: Reading
): ReadonlyArray<Localisation.LocalisationRow> =>
  rows.flatMap((row) => {
    const verdict = isRight(row) === false ? verdictOf(row) : undefined
    if (verdict?.firstWrongStep === undefined) return []
    const values = stepValues(row, verdict.steps, reading.step)
    // One reward for the whole trace tells its steps nothing apart: every step ties, which is chance.
    const blind = (row.reward_unit_ends ?? []).length < 2
    const reward = blind ? values.reward.map(() => Number.NaN) : values.reward
    return [
      {
        promptId: row.prompt_id ?? "",
        firstWrongStep: verdict.firstWrongStep,
        suspicion: {
          ...(row.reward_model_score === undefined ? {} : { reward: reading.detector.suspicion(reward) }),
          logProb: Localisation.lowest(values.logProb)
        }
      }
    ]
  })
