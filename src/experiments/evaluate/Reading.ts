import type { ResultRow } from "../../core/data/index.ts"
import { Localisation, type Selector, Selectors } from "../../core/evaluation/index.ts"
import { TraceScores, Verdicts } from "../../core/result/index.ts"
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
    reward: Localisation.stepValues(TraceScores.values(row.reward_model_score), spans, step),
    logProb: Localisation.stepValues(TraceScores.values(row.policy_log_probs), spans, Selectors.min)
  }
}

/** Wrong traces whose first wrong step is known, judged by reward and by the least likely token. */
export const localisationRows = (
  rows: ReadonlyArray<ResultRow>,
  verdictOf: (row: ResultRow) => StepVerdict | undefined,
  reading: Reading
): ReadonlyArray<Localisation.LocalisationRow> =>
  rows.flatMap((row) => {
    const verdict = Verdicts.stored(row) === false ? verdictOf(row) : undefined
    if (verdict?.firstWrongStep === undefined) return []
    const values = stepValues(row, verdict.steps, reading.step)
    // One reward for the whole trace tells its steps nothing apart: every step ties, which is chance.
    const blind = TraceScores.unitRewards(row).length < 2
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
