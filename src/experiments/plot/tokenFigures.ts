import { Effect, Stream } from "effect"
import { type Drawing, type HeatmapToken, tokenHeatmap } from "../../core/figure/index.ts"
import {
  Censuses,
  type KeyedRow,
  type PromptPool,
  question,
  ResultFile,
  rowKey,
  Verdicts
} from "../../core/result/index.ts"
import { Rng } from "../../core/tensor/index.ts"
import type { MethodResults } from "./readMethod.ts"

/** A completion that is drawn: which one, and why it was taken. */
export interface Pick {
  readonly key: string
  readonly name: string
  readonly why: string
}

/** Prompts shown of each kind. */
const shown = 5

const extreme = (pool: PromptPool, isCorrect: boolean): number | undefined => {
  const scores = pool.scores["reward"] ?? []
  const better = (a: number, b: number) => (isCorrect ? a > b : a < b)
  return pool.correct.reduce<number | undefined>((best, correct, i) => {
    const score = scores[i] ?? Number.NaN
    if (correct !== isCorrect || !Number.isFinite(score)) return best
    return best === undefined || better(score, scores[best]!) ? i : best
  }, undefined)
}

/**
 * The completions that are drawn: of the first prompts with both outcomes the best-scored right and the worst-scored
 * wrong one, and as many drawn at random from everything, since extremes say little of the rest.
 */
export const picksOf = (pools: ReadonlyArray<PromptPool>, seed = 42): ReadonlyArray<Pick> => {
  const keyOf = (pool: PromptPool, i: number) =>
    rowKey({ prompt_id: pool.promptId, generation_idx: pool.generationIdx[i]! })
  const both = pools.flatMap((pool) => {
    const [right, wrong] = [extreme(pool, true), extreme(pool, false)]
    return right === undefined || wrong === undefined ? [] : [{ pool, right, wrong }]
  })
  const extremes = both.slice(0, shown).flatMap(
    ({ pool, right, wrong }, i): ReadonlyArray<Pick> => [
      { key: keyOf(pool, right), name: `true_${i}`, why: "the best-scored correct completion of its prompt" },
      { key: keyOf(pool, wrong), name: `wrong_${i}`, why: "the worst-scored wrong completion of its prompt" }
    ]
  )
  const all = pools.flatMap((pool) => pool.correct.map((_, i) => keyOf(pool, i)))
  const drawn = Rng.shuffle(Rng.make(seed), all)
    .slice(0, shown)
    .map((key, i) => ({ key, name: `random_${i}`, why: `drawn at random with seed ${seed}` }))
  return [...extremes, ...drawn]
}

/** The tokens of a row with a value each; `undefined` where the row does not say where its tokens are. */
export const heatmapTokens = (
  { token_offsets: starts, generation: { content: text } }: KeyedRow,
  values: ReadonlyArray<number | null> | undefined
): ReadonlyArray<HeatmapToken> | undefined =>
  starts === undefined || starts.length !== values?.length
    ? undefined
    : starts.map((start, t) => ({ text: text.slice(start, starts[t + 1] ?? text.length), value: values[t] ?? null }))

const rowsOf = (file: string, keys: ReadonlySet<string>) =>
  Stream.runCollect(
    ResultFile.stream(file, Censuses.make()).pipe(
      Stream.filter((row) => keys.has(rowKey(row))),
      Stream.take(keys.size)
    )
  )

/** Heatmaps of the picks, all on one colour scale, and how many rows do not say where their tokens are. */
export const tokenFigures = ({ file, pools, meanReward }: MethodResults, label: string) =>
  Effect.gen(function* () {
    const picks = picksOf(pools)
    const rows = new Map(
      (yield* rowsOf(file, new Set(picks.map(({ key }) => key)))).map((row) => [rowKey(row), row] as const)
    )
    const mean = meanReward ?? 0
    const found = picks.flatMap((pick) => {
      const row = rows.get(pick.key)
      return row === undefined ? [] : [{ pick, row, tokens: heatmapTokens(row, row.reward_model_score) }]
    })
    const scale = found
      .flatMap(({ tokens }) => tokens ?? [])
      .reduce((most, { value }) => (value === null ? most : Math.max(most, Math.abs(value - mean))), 0)
    const drawings = found.flatMap(({ pick, row, tokens }): ReadonlyArray<Drawing> => {
      if (tokens === undefined) return []
      const outcome = Verdicts.stored(row) === true ? "Correct" : "Wrong"
      return [
        tokenHeatmap({
          id: pick.name,
          title: `${outcome} completion, ${label}`,
          caption: `Token rewards less the run's mean (${mean.toPrecision(3)}); ${pick.why}; answer ${row.extracted_answer ?? "none"}, right: ${row.gold_answer ?? "unknown"}; one colour scale for all traces of this run.`,
          question: question(row),
          tokens,
          mean,
          scale
        })
      ]
    })
    return { drawings, unplaced: found.length - drawings.length }
  })
