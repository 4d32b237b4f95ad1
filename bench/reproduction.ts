/**
 * The figures of docs/reproduction.md that the runs' own reports do not hold: separation, calibration, selectors and
 * localisation on matched grids, of rewards on the samples of the SFT policy; means over runs that differ in their seed.
 *
 * Run: node bench/reproduction.ts RUN...   (folders of `quickstart --task arithmetic`)
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect } from "effect"
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
  meanOverSeeds,
  type PlaceRow,
  platt,
  Rerankers,
  type ScoredPool,
  Selectors
} from "../src/core/evaluation/index.ts"
import { type Table, Tables } from "../src/core/figure/index.ts"
import { type KeyedRow, PromptPools, ResultFile, TraceScores, Verdicts } from "../src/core/result/index.ts"
import { arithmetic } from "../src/core/task/index.ts"
import { tokensOf } from "../src/core/text/index.ts"

/** Values alone: the intervals are over runs. */
const quick = { seed: 42, draws: 1 }
const checkSteps = arithmetic({ seed: 0, train: 1, validation: 1, test: 1 }).checkSteps!
const granularities = ["sparse", "stepwise", "interval", "dense"]
const selectors = ["mean", "sum", "min", "last", "discounted(0.95)"]

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-Math.max(-80, Math.min(80, x))))

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
  { grid: Grids.interval(15), window: 1 }
]

/** Everything that is measured on one file: names to values, missing where not available. */
const measure = (rows: ReadonlyArray<KeyedRow>): Readonly<Record<string, number>> => {
  const scores = Object.fromEntries(selectors.map((name) => [name, TraceScores.reward(Selectors.named(name)!)]))
  const pools = PromptPools.ofRows(rows, {
    scores: {
      ...scores,
      logProb: TraceScores.logProb,
      shortest: TraceScores.brevity,
      longest: (row: KeyedRow) => -TraceScores.brevity(row)
    }
  })
  const mean: ReadonlyArray<ScoredPool> = pools.map((pool) => ({ correct: pool.correct, scores: pool.scores["mean"]! }))
  const asProbability = mean.map(({ correct, scores: own }) => ({ correct, probabilities: own.map(sigmoid) }))
  const rerankers = [
    Rerankers.random,
    ...selectors.map(Rerankers.byScore),
    Rerankers.byScore("logProb"),
    Rerankers.byScore("shortest"),
    Rerankers.byScore("longest"),
    Rerankers.majority,
    Rerankers.oracle
  ]
  const wrong = rows.flatMap((row) => placeRow(row) ?? [])
  const found: ReadonlyArray<readonly [string, Measurement]> = [
    ["AUROC pooled", aurocPooled(mean, quick)],
    ["AUROC within prompt", aurocWithinPrompt(mean, quick)],
    ["ECE of sigmoid", expectedCalibrationError(asProbability, quick)],
    ["ECE after Platt", expectedCalibrationError(crossCalibrate(platt, mean), quick)],
    ...Rerankers.curve(pools, rerankers, [8], quick).map(({ reranker, accuracy }): readonly [string, Measurement] => [
      `best of 8: ${reranker}`,
      accuracy
    ]),
    ...places.flatMap(({ grid, window }) =>
      localisePlaces(wrong, { grid, window, detectors: ["reward", "logProb"], resampling: quick }).flatMap(
        ({ detector, hit, chance }): ReadonlyArray<readonly [string, Measurement]> => [
          [`${grid.name}, window ${window}: ${detector}`, hit],
          [`${grid.name}, window ${window}: chance`, chance]
        ]
      )
    )
  ]
  return Object.fromEntries(found.flatMap(([name, m]) => (Measurements.isEstimate(m) ? [[name, m.value]] : [])))
}

const table = (byGranularity: ReadonlyMap<string, ReadonlyArray<Readonly<Record<string, number>>>>): Table => {
  const names = [...new Set([...byGranularity.values()].flatMap((runs) => runs.flatMap(Object.keys)))]
  return {
    id: "reproduction",
    title: "Rewards on SFT samples",
    caption: "",
    columns: [
      { key: "measure", label: "measure", format: "percent" },
      ...[...byGranularity.keys()].map((key) => ({ key, label: key, format: "percent" as const }))
    ],
    rows: names.map((name) => [
      name,
      ...[...byGranularity.values()].map((runs) => meanOverSeeds(runs.map((run) => run[name] ?? Number.NaN)))
    ])
  }
}

const runs = process.argv.slice(2)
if (runs.length < 2) throw new Error("Give the folders of at least two runs that differ in their seed.")

NodeRuntime.runMain(
  Effect.gen(function* () {
    const measured = new Map<string, ReadonlyArray<Readonly<Record<string, number>>>>()
    for (const granularity of granularities) {
      const all = yield* Effect.forEach(runs, (run) =>
        Effect.map(ResultFile.read(`${run}/eval/sft-by-${granularity}.jsonl`), ({ rows }) => measure(rows))
      )
      measured.set(granularity, all)
    }
    yield* Console.log(Tables.toMarkdown(table(measured)))
  }).pipe(Effect.provide(NodeServices.layer))
)
