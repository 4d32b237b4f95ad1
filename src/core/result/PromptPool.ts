import { Effect, Stream } from "effect"
import type { RerankPool } from "../evaluation/index.ts"
import { canonicalAnswer } from "../text/index.ts"
import { isReference, type KeyedRow } from "./RowKey.ts"
import type { TraceScore } from "./TraceScore.ts"
import { stored, type Verdict } from "./Verdict.ts"

/** The completions of one prompt with all that metrics look at, in the order of their generation index. */
export interface PromptPool extends RerankPool {
  readonly promptId: string
  readonly generationIdx: ReadonlyArray<number>
  readonly category?: string
  readonly dataset?: string
}

export interface PoolOptions {
  /** Trace scores by name, e.g. `reward` and `logProb`. One that no row has is left out, never filled in. */
  readonly scores?: Readonly<Record<string, TraceScore>>
  /** Default: the stored check. */
  readonly verdict?: Verdict
  /** The canonical answer that votes; default that of the extracted one, where "$18" and "18" are one. */
  readonly answer?: (row: KeyedRow) => string | undefined
}

interface Candidate {
  readonly idx: number
  readonly correct: boolean
  readonly answer: string | undefined
  readonly scores: ReadonlyArray<number>
}

interface Group {
  readonly candidates: Array<Candidate>
  readonly category: string | undefined
  readonly dataset: string | undefined
}

const poolOf = (promptId: string, group: Group, names: ReadonlyArray<string>): PromptPool => {
  // Files are joined by key, so their order says nothing.
  const candidates = group.candidates.toSorted((a, b) => a.idx - b.idx)
  return {
    promptId,
    generationIdx: candidates.map((c) => c.idx),
    correct: candidates.map((c) => c.correct),
    answers: candidates.map((c) => c.answer),
    scores: Object.fromEntries(names.map((name, s) => [name, candidates.map((c) => c.scores[s]!)])),
    ...(group.category === undefined ? {} : { category: group.category }),
    ...(group.dataset === undefined ? {} : { dataset: group.dataset })
  }
}

/**
 * Pools of a stream of rows, prompts in the order of their first row. Of a row only its key, verdict, answer and trace
 * scores are held, so the rows may be larger than memory. Rows without a verdict are left out, and so are
 * experts' and other traces that are no samples.
 *
 * A score that is NaN for every row is absent from the pools: metrics of it are not available, rather than a constant's.
 */
export const collect = <E, R>(
  rows: Stream.Stream<KeyedRow, E, R>,
  { scores = {}, verdict = stored, answer = (row) => canonicalAnswer(row.extracted_answer) }: PoolOptions = {}
): Effect.Effect<ReadonlyArray<PromptPool>, E, R> => {
  const named = Object.entries(scores)
  const groups = new Map<string, Group>()
  const finite = named.map(() => false)
  const enter = (row: KeyedRow): void => {
    const correct = isReference(row) ? undefined : verdict(row)
    if (correct === undefined) return
    const own = named.map(([, of]) => of(row))
    for (const [s, score] of own.entries()) finite[s] ||= Number.isFinite(score)
    const group = groups.get(row.prompt_id) ?? { candidates: [], category: row.category, dataset: row.dataset }
    group.candidates.push({ idx: row.generation_idx, correct, answer: answer(row), scores: own })
    groups.set(row.prompt_id, group)
  }
  return Effect.map(
    Stream.runForEach(rows, (row) => Effect.sync(() => enter(row))),
    () => {
      const present = named.flatMap(([name], s) => (finite[s] === true ? [{ name, s }] : []))
      return [...groups].map(([promptId, group]) =>
        poolOf(
          promptId,
          {
            ...group,
            candidates: group.candidates.map((c) => ({ ...c, scores: present.map(({ s }) => c.scores[s]!) }))
          },
          present.map(({ name }) => name)
        )
      )
    }
  )
}

/** Pools of rows at hand. */
export const ofRows = (rows: ReadonlyArray<KeyedRow>, options?: PoolOptions): ReadonlyArray<PromptPool> =>
  Effect.runSync(collect(Stream.fromIterable(rows), options))
