import type { Selector } from "../evaluation/index.ts"
import { type KeyedRow, question, TraceScores, Verdicts } from "../result/index.ts"
import { stepEnds } from "../text/index.ts"
import type { PackedIndex, PackedTrace } from "./Packed.ts"

/** Rows of one file. */
export interface NamedRows {
  readonly name: string
  readonly rows: ReadonlyArray<KeyedRow>
}

export interface Packed {
  readonly index: PackedIndex
  readonly blocks: ReadonlyArray<ReadonlyArray<PackedTrace>>
}

/** Values that repeat, held once. */
const dictionary = () => {
  const places = new Map<string, number>()
  return {
    place: (value: string): number => {
      const known = places.get(value)
      if (known !== undefined) return known
      places.set(value, places.size)
      return places.size - 1
    },
    values: () => [...places.keys()]
  }
}

const rounded = (x: number | null | undefined): number | null =>
  x === null || x === undefined || !Number.isFinite(x) ? null : Number(x.toPrecision(4))

/** Ends of the steps; where a token begins in the text is unknown, there are none. */
const stepsOf = (text: string, starts: ReadonlyArray<number>): ReadonlyArray<number> =>
  stepEnds(starts.map((start, t) => text.slice(start, starts[t + 1] ?? text.length)))

const traceOf = (row: KeyedRow): PackedTrace => {
  const text = row.generation.content.toWellFormed()
  const starts = row.token_offsets ?? []
  return {
    text,
    starts,
    rewards: (row.reward_model_score ?? []).map(rounded),
    logProbs: (row.policy_log_probs ?? []).map(rounded),
    stepEnds: stepsOf(text, starts)
  }
}

/** Middle and reach of the colours: outliers beyond the 99th percentile of distances would wash out all others. */
const colourOf = (rows: ReadonlyArray<KeyedRow>): PackedIndex["colours"][number] => {
  const finite = rows.flatMap((row) => TraceScores.unitRewards(row).filter(Number.isFinite))
  if (finite.length === 0) return { mean: 0, scale: 0 }
  const mean = finite.reduce((sum, x) => sum + x, 0) / finite.length
  const distances = Float64Array.from(finite, (x) => Math.abs(x - mean)).sort()
  return { mean, scale: distances[Math.ceil(0.99 * (distances.length - 1))]! }
}

/**
 * Rollouts of several files as the page holds them: an index of columns, and blocks of traces that are read when one of
 * them is opened. Rows keep their order, file by file.
 */
export const pack = (
  files: ReadonlyArray<NamedRows>,
  options: { readonly selector: Selector; readonly blockSize?: number }
): Packed => {
  const { selector, blockSize = 256 } = options
  const entries = files.flatMap(({ rows }, file) => rows.map((row) => ({ file, row })))
  const rows = entries.map(({ row }) => row)
  const prompts = dictionary()
  const sources = dictionary()
  const categories = dictionary()
  const promptOf = rows.map((row) => prompts.place(row.prompt_id))
  const texts = new Map<number, { text: string; gold: string | null }>()
  for (const [r, row] of rows.entries()) {
    const known = texts.get(promptOf[r]!)
    texts.set(promptOf[r]!, { text: known?.text ?? question(row), gold: known?.gold ?? row.gold_answer ?? null })
  }
  const score = TraceScores.reward(selector)
  return {
    index: {
      files: files.map(({ name }) => name),
      selector: selector.name,
      blockSize,
      colours: files.map((file) => colourOf(file.rows)),
      rollouts: {
        file: entries.map(({ file }) => file),
        prompt: promptOf,
        source: rows.map((row) => sources.place(row.source ?? "policy")),
        category: rows.map((row) => categories.place(row.category ?? "")),
        generationIdx: rows.map((row) => row.generation_idx),
        verdict: rows.map((row) => {
          const right = Verdicts.stored(row)
          return right === undefined ? null : right ? 1 : 0
        }),
        answer: rows.map((row) => row.extracted_answer ?? null),
        score: rows.map((row) => rounded(score(row))),
        logProb: rows.map((row) => rounded(TraceScores.logProb(row))),
        tokens: rows.map((row) => (row.token_ids ?? row.reward_model_score ?? row.policy_log_probs ?? []).length),
        truncated: rows.map((row) => (row.finish_reason === "length" ? 1 : 0))
      },
      prompts: prompts.values().map((id, p) => ({ id, ...texts.get(p)! })),
      sources: sources.values(),
      categories: categories.values()
    },
    blocks: Array.from({ length: Math.ceil(rows.length / blockSize) }, (_, b) =>
      rows.slice(b * blockSize, (b + 1) * blockSize).map(traceOf)
    )
  }
}
