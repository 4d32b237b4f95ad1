import { Effect, Stream } from "effect"
import type { ResultRow } from "../../core/data/index.ts"
import { type Measurement, meanOverPrompts, Rerankers, Resamplings } from "../../core/evaluation/index.ts"
import {
  Censuses,
  isReference,
  PromptPools,
  ResultFile,
  type ResultProblem,
  type TraceScore,
  Verdicts
} from "../../core/result/index.ts"

/** Mean and standard deviation over the finite values, the latter of the population (divided by their number). */
export interface Spread {
  readonly n: number
  readonly mean: number | null
  readonly std: number | null
}

/** What a scored file comes to: `<out>.summary.json`. */
export interface ScoreSummary {
  readonly rows: number
  readonly prompts: number
  /** Rows that have a score, and those that have none. */
  readonly scored: number
  readonly unscored: number
  readonly mean_correctness: number | null
  readonly scalar: Spread
  /** Share of prompts whose pick is right, in expectation over ties. */
  readonly picks: Readonly<Record<string, Measurement>>
  readonly problems: ReadonlyArray<ResultProblem>
}

type Column = keyof ResultRow

const number =
  (column: Column, sign = 1): TraceScore =>
  (row) => {
    const value = row[column]
    return typeof value === "number" ? sign * value : Number.NaN
  }

/** The scalar of each mode, and the picks that go by its columns. */
export const columnsOf = {
  reward: { scalar: "reward_score_scalar", picks: { max_reward: number("reward_score_scalar") } },
  policy: {
    scalar: "policy_logprob_mean",
    picks: {
      max_mean_logprob: number("policy_logprob_mean"),
      max_sum_logprob: number("policy_logprob_sum"),
      min_entropy: number("policy_entropy_mean", -1)
    }
  }
} as const satisfies Record<string, { readonly scalar: Column; readonly picks: Readonly<Record<string, TraceScore>> }>

/** Running moments by Welford's update, which cannot give a negative variance as E[x²] - E[x]² does (defect 12). */
export const spreadOf = () => {
  let [n, mean, squares] = [0, 0, 0]
  return {
    add: (x: number): void => {
      if (!Number.isFinite(x)) return
      n += 1
      const before = x - mean
      mean += before / n
      squares += before * (x - mean)
    },
    spread: (): Spread => (n === 0 ? { n, mean: null, std: null } : { n, mean, std: Math.sqrt(squares / n) })
  }
}

/** Reads a scored file a row at a time. */
export const summarise = Effect.fnUntraced(function* (file: string, mode: keyof typeof columnsOf) {
  const { scalar, picks } = columnsOf[mode]
  const census = Censuses.make()
  const [all, verdicts] = [spreadOf(), spreadOf()]
  const rows = Stream.tap(ResultFile.stream(file, census), (row) =>
    Effect.sync(() => {
      all.add(number(scalar)(row))
      const right = isReference(row) ? undefined : Verdicts.stored(row)
      if (right !== undefined) verdicts.add(right ? 1 : 0)
    })
  )
  const scores: Readonly<Record<string, TraceScore>> = picks
  const pools = yield* PromptPools.collect(rows, { scores })
  const picked = (name: string): Measurement =>
    meanOverPrompts(
      pools.map((pool) => Rerankers.byScore(name).accuracy(pool, pool.correct.length)),
      Resamplings.standard,
      "no row with a verdict has this score"
    )
  const spread = all.spread()
  return {
    rows: census.rows,
    prompts: census.prompts.size,
    scored: spread.n,
    unscored: census.rows - spread.n,
    mean_correctness: verdicts.spread().mean,
    scalar: spread,
    picks: Object.fromEntries(Object.keys(scores).map((name) => [name, picked(name)])),
    problems: Censuses.report(census)
  } satisfies ScoreSummary
})
