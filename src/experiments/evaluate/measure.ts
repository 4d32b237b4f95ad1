import type { ResultRow } from "../../core/data/index.ts"
import {
  aurocPooled,
  aurocWithinPrompt,
  differenceOverPrompts,
  Localisation,
  passAtK,
  passAtKPerPrompt,
  Rerankers,
  type Resampling,
  Resamplings
} from "../../core/evaluation/index.ts"
import { rewardBins } from "../../core/figure/index.ts"
import type { Method } from "../../core/figure/report/index.ts"
import { keyed, PromptPools, type TraceScore, TraceScores } from "../../core/result/index.ts"
import type { StepVerdict } from "../../core/task/index.ts"
import * as Readings from "./Reading.ts"

export interface MeasureOptions {
  readonly rows: ReadonlyArray<ResultRow>
  readonly reading: Readings.Reading
  /** Which steps of a row are right, where the task can tell. */
  readonly verdictOf?: (row: ResultRow) => StepVerdict | undefined
  /** Rows of the SFT policy on the same prompts, for the paired gain. */
  readonly sft?: ReadonlyArray<ResultRow>
  /** pass@k is reported at these. */
  readonly ks?: ReadonlyArray<number>
  /** Best-of-n is reported at these. */
  readonly ns?: ReadonlyArray<number>
  /** Scores to rerank by beside reward and log-prob, e.g. length. */
  readonly scores?: Readonly<Record<string, TraceScore>>
  readonly resampling?: Resampling
}

/** Everything about a method that its rows say. */
export type Measured = Pick<
  Method,
  "passAt1" | "gainOverSft" | "passAtK" | "rerank" | "localisation" | "separation" | "rewardBins" | "selector"
>

/** Measures the rows of one method: pass@k, reranking, localisation, separation. A pure function of the rows. */
export const measure = (options: MeasureOptions): Measured => {
  const { rows, reading, sft, resampling = Resamplings.standard } = options
  const { ks = [1, 2, 4, 8], ns = [1, 2, 4, 8], scores = {}, verdictOf } = options
  const has = (field: "reward_model_score" | "policy_log_probs") =>
    rows.length > 0 && rows.every((row) => row[field] !== undefined)
  const isScored = has("reward_model_score")
  const pools = PromptPools.ofRows(rows.map(keyed), {
    scores: {
      ...(isScored ? { reward: TraceScores.reward(reading.trace) } : {}),
      ...(has("policy_log_probs") ? { logProb: TraceScores.logProb } : {}),
      ...scores
    }
  })
  const correct = pools.map((pool) => pool.correct)
  const known = new Set(pools.flatMap((pool) => Object.keys(pool.scores)))
  const standard = Rerankers.standard.filter(
    ({ name }) => !["reward", "logProb", "weightedMajority"].includes(name) || known.has(name)
  )
  const rerankers = [
    ...standard,
    ...(isScored ? [Rerankers.weightedMajority("reward")] : []),
    ...Object.keys(scores).map(Rerankers.byScore)
  ]
  const scored = pools.flatMap((pool) => {
    const own = pool.scores["reward"]
    return own === undefined ? [] : [{ correct: pool.correct, scores: own }]
  })
  const wrong = verdictOf === undefined ? [] : Readings.localisationRows(rows, verdictOf, reading)
  const gain = (reference: ReadonlyArray<ResultRow>) => {
    const others = new Map(PromptPools.ofRows(reference.map(keyed)).map((pool) => [pool.promptId, pool.correct]))
    const aligned = pools.map(({ promptId }) => others.get(promptId) ?? [])
    return differenceOverPrompts(passAtKPerPrompt(correct, 1), passAtKPerPrompt(aligned, 1), resampling)
  }
  return {
    passAt1: passAtK(correct, 1, resampling),
    passAtK: ks.map((k) => ({ k, value: passAtK(correct, k, resampling) })),
    ...(sft === undefined ? {} : { gainOverSft: gain(sft) }),
    rerank: [...Rerankers.curve(pools, rerankers, ns, resampling)],
    localisation:
      verdictOf === undefined
        ? []
        : [...Localisation.localise(wrong, isScored ? ["reward", "logProb"] : ["logProb"], resampling)],
    ...(isScored
      ? {
          selector: reading.trace.name,
          separation: {
            aurocPooled: aurocPooled(scored, resampling),
            aurocWithinPrompt: aurocWithinPrompt(scored, resampling)
          }
        }
      : {}),
    rewardBins: [
      ...rewardBins(
        scored.flatMap(({ scores }) => scores),
        scored.flatMap(({ correct }) => correct)
      )
    ]
  }
}
