import { Effect } from "effect"
import {
  areaUnderRiskCoverage,
  aurocPooled,
  aurocWithinPrompt,
  type Measurement,
  Measurements,
  passAtK,
  Rerankers,
  type RerankRow,
  type Resampling,
  Resamplings,
  Selectors,
  successAtK,
  weightedPassAtK
} from "../../core/evaluation/index.ts"
import {
  Censuses,
  type PromptPool,
  PromptPools,
  ResultFile,
  type ResultProblem,
  TraceScores,
  Verdicts
} from "../../core/result/index.ts"

/** A metric at a number k of completions. */
export interface AtK {
  readonly k: number
  readonly value: Measurement
}

/** What a file of results comes to. */
export interface FileMetrics {
  readonly rows: number
  readonly prompts: number
  /** Completions that every prompt has, N. */
  readonly completions: number
  readonly problems: ReadonlyArray<ResultProblem>
  readonly passAtK: ReadonlyArray<AtK>
  /** By the lenient reading of answers. */
  readonly formatAdjustedPassAt1: Measurement
  /** By falling reward; n/a without one. */
  readonly successAtK: ReadonlyArray<AtK>
  readonly weightedPassAtK: ReadonlyArray<AtK>
  readonly rerank: ReadonlyArray<RerankRow>
  readonly aurocPooled: Measurement
  readonly aurocWithinPrompt: Measurement
  readonly areaUnderRiskCoverage: Measurement
}

const scores = {
  reward: TraceScores.reward(Selectors.mean),
  logProb: TraceScores.logProb,
  length: TraceScores.brevity
}

const correct = (pools: ReadonlyArray<PromptPool>) => pools.map((pool) => pool.correct)

/** Measures a file of results, a row at a time. A k above the completions of all prompts is left out (defect 11). */
export const measureFile = Effect.fnUntraced(function* (
  file: string,
  wanted: ReadonlyArray<number>,
  resampling: Resampling = Resamplings.standard
) {
  const census = Censuses.make()
  const pools = yield* PromptPools.collect(ResultFile.stream(file, census), { scores })
  const lenient = yield* PromptPools.collect(ResultFile.stream(file, Censuses.make()), {
    verdict: Verdicts.formatAdjusted
  })
  const most = pools.reduce((n, pool) => Math.max(n, pool.correct.length), 0)
  const completions = pools.reduce((n, pool) => Math.min(n, pool.correct.length), most)
  const ks = wanted.filter((k) => k <= most)
  const rewarded = pools.flatMap(({ correct, scores }) =>
    scores["reward"] === undefined ? [] : [{ correct, scores: scores["reward"] }]
  )
  const none = Measurements.notAvailable("no row has a reward")
  const ofReward = (metric: () => Measurement): Measurement => (rewarded.length === 0 ? none : metric())
  const known = new Set(pools.flatMap((pool) => Object.keys(pool.scores)))
  const rerankers = [
    ...Rerankers.standard.filter(
      ({ name }) => (name !== "reward" && name !== "weightedMajority") || known.has("reward")
    ),
    Rerankers.byScore("length")
  ].filter(({ name }) => name !== "logProb" || known.has("logProb"))
  return {
    rows: census.rows,
    prompts: pools.length,
    completions,
    problems: Censuses.report(census),
    passAtK: ks.map((k) => ({ k, value: passAtK(correct(pools), k, resampling) })),
    formatAdjustedPassAt1:
      lenient.length === 0
        ? Measurements.notAvailable("no row has a lenient verdict")
        : passAtK(correct(lenient), 1, resampling),
    successAtK: ks.map((k) => ({ k, value: ofReward(() => successAtK(rewarded, k, completions, resampling)) })),
    weightedPassAtK: ks.map((k) => ({ k, value: ofReward(() => weightedPassAtK(rewarded, k, resampling)) })),
    rerank: completions === 0 ? [] : Rerankers.curve(pools, rerankers, [completions], resampling),
    aurocPooled: ofReward(() => aurocPooled(rewarded, resampling)),
    aurocWithinPrompt: ofReward(() => aurocWithinPrompt(rewarded, resampling)),
    areaUnderRiskCoverage: ofReward(() => areaUnderRiskCoverage(rewarded, resampling))
  } satisfies FileMetrics
})
