import {
  aurocPooled,
  aurocWithinPrompt,
  crossCalibrate,
  expectedCalibrationError,
  Grids,
  Localisation,
  localisePlaces,
  type Measurement,
  Measurements,
  type PlaceRow,
  passAtK,
  platt,
  Rerankers,
  type ScoredPool,
  Selectors,
  successAtK
} from "../src/core/evaluation/index.ts"
import { type KeyedRow, PromptPools, type TraceScore, TraceScores, Verdicts } from "../src/core/result/index.ts"
import { arithmetic } from "../src/core/task/index.ts"
import { tokensOf } from "../src/core/text/index.ts"

/** Names to values, missing where not available. */
export type Values = Readonly<Record<string, number>>

/** Values alone: the intervals are over runs. */
const quick = { seed: 42, draws: 1 }
const checkSteps = arithmetic({ seed: 0, train: 1, validation: 1, test: 1 }).checkSteps!
const selectors = ["mean", "sum", "min", "last", "discounted(0.95)"]

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-Math.max(-80, Math.min(80, x))))

const estimates = (found: ReadonlyArray<readonly [string, Measurement]>): Values =>
  Object.fromEntries(found.flatMap(([name, m]) => (Measurements.isEstimate(m) ? [[name, m.value]] : [])))

const longest: TraceScore = (row) => -TraceScores.brevity(row)
const scores: Readonly<Record<string, TraceScore>> = {
  ...Object.fromEntries(selectors.map((name) => [name, TraceScores.reward(Selectors.named(name)!)])),
  logProb: TraceScores.logProb,
  shortest: TraceScores.brevity,
  longest
}

const minus = (values: Values, ...pairs: ReadonlyArray<readonly [of: string, from: string]>): Values => ({
  ...values,
  ...Object.fromEntries(
    pairs.flatMap(([of, from]) => {
      const [x, y] = [values[of], values[from]]
      return x === undefined || y === undefined ? [] : [[`${of} − ${from.split(": ").at(-1)}`, x - y]]
    })
  )
})

/** Right and wrong completions told apart by the mean reward of their traces. */
const separation = (pools: ReadonlyArray<ScoredPool>): ReadonlyArray<readonly [string, Measurement]> => {
  const probable = pools.map(({ correct, scores: s }) => ({ correct, probabilities: s.map(sigmoid) }))
  return [
    ["AUROC pooled", aurocPooled(pools, quick)],
    ["AUROC within prompt", aurocWithinPrompt(pools, quick)],
    ["ECE of sigmoid", expectedCalibrationError(probable, quick)],
    ["ECE after Platt", expectedCalibrationError(crossCalibrate(platt, pools), quick)]
  ]
}

/** Right and wrong completions told apart, and picked, by one file's rewards; rewards aside where it has none. */
export const ranking = (rows: ReadonlyArray<KeyedRow>): Values => {
  const pools = PromptPools.ofRows(rows, { scores })
  const correct = pools.map((pool) => pool.correct)
  const n = Math.min(...correct.map(({ length }) => length))
  const known = Object.keys(scores).filter((name) => pools.every((pool) => pool.scores[name] !== undefined))
  const mean = known.includes("mean")
    ? pools.map((pool): ScoredPool => ({ correct: pool.correct, scores: pool.scores["mean"]! }))
    : []
  const rerankers = [
    Rerankers.random,
    ...known.map(Rerankers.byScore),
    Rerankers.majority,
    ...(mean.length > 0 ? [Rerankers.weightedMajority("mean")] : []),
    Rerankers.oracle
  ]
  const values = estimates([
    ["pass@1", passAtK(correct, 1, quick)],
    ...(mean.length > 0 ? separation(mean) : []),
    ...Rerankers.curve(pools, rerankers, [n], quick).map(({ reranker, accuracy }): readonly [string, Measurement] => [
      `best of ${n}: ${reranker}`,
      accuracy
    ]),
    ["success@10: random", passAtK(correct, 10, quick)],
    ...(mean.length > 0 ? [["success@10: mean", successAtK(mean, 10, n, quick)] as const] : [])
  ])
  const best = (name: string): string => `best of ${n}: ${name}`
  return minus(
    values,
    [best("mean"), best("random")],
    [best("mean"), best("majority")],
    [best("logProb"), best("random")],
    [best("weightedMajority"), best("majority")],
    ["success@10: mean", "success@10: random"]
  )
}

/** The tokens of the first wrong step of a wrong trace, with what may show it. */
const placeRow = (row: KeyedRow): PlaceRow | undefined => {
  const { firstWrongStep, steps } = checkSteps(
    { id: row.prompt_id, prompt: row.prompt.at(-1)!.content },
    row.generation.content
  )
  const step = firstWrongStep === undefined ? undefined : steps[firstWrongStep]
  if (step === undefined || Verdicts.stored(row) !== false) return undefined
  const bounds = Int32Array.from([...(row.token_offsets ?? []), row.generation.content.length])
  const { start, end } = tokensOf(bounds, step)
  const falls = { transition: Localisation.drop }
  return {
    promptId: row.prompt_id,
    targets: Array.from({ length: end - start }, (_, t) => start + t),
    signals: {
      reward: { values: TraceScores.values(row.reward_model_score), ...falls },
      logProb: { values: TraceScores.values(row.policy_log_probs), ...falls }
    }
  }
}

const places = [
  { grid: Grids.token, window: 0 },
  { grid: Grids.token, window: 7 },
  { grid: Grids.interval(5), window: 1 },
  { grid: Grids.interval(15), window: 1 }
]

/** Where the first wrong step of wrong traces is, by reward and by log-prob, beside chance on each grid. */
export const pointing = (rows: ReadonlyArray<KeyedRow>): Values => {
  const wrong = rows.flatMap((row) => placeRow(row) ?? [])
  const found = places.flatMap(({ grid, window }) =>
    localisePlaces(wrong, { grid, window, detectors: ["reward", "logProb"], resampling: quick }).flatMap(
      ({ detector, hit, chance }): ReadonlyArray<readonly [string, Measurement]> => [
        [`${grid.name}, window ${window}: ${detector}`, hit],
        [`${grid.name}, window ${window}: chance`, chance]
      ]
    )
  )
  const pairs = places.flatMap(({ grid, window }) => {
    const at = (name: string): string => `${grid.name}, window ${window}: ${name}`
    return [
      [at("reward"), at("chance")],
      [at("reward"), at("logProb")]
    ] as const
  })
  return minus(estimates(found), ...pairs)
}
