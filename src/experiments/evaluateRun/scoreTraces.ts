import { Effect } from "effect"
import type { ResultRow } from "../../core/data/index.ts"
import type { Scorer, Sequence } from "../../core/learner/index.ts"

/** A row with what a model reads of it. */
export interface Trace<Row extends ResultRow = ResultRow> {
  readonly row: Row
  readonly sequence: Sequence.Sequence
}

/** What reads traces: the columns that it gives a row, and which traces it can read. */
export interface TraceReader<Columns> {
  readonly fits: (sequence: Sequence.Sequence) => boolean
  readonly read: (
    sequences: ReadonlyArray<Sequence.Sequence>
  ) => Effect.Effect<ReadonlyArray<Columns>, Scorer.ScoreError>
}

/** The rows with the columns that a model gives them; those that it cannot read whole stay without, and are counted. */
export const scoreTraces = <Row extends ResultRow, Columns>(
  traces: ReadonlyArray<Trace<Row>>,
  { fits: canRead, read }: TraceReader<Columns>
): Effect.Effect<
  { readonly traces: ReadonlyArray<Trace<Row & Partial<Columns>>>; readonly tooLong: number },
  Scorer.ScoreError
> => {
  const fits = traces.map(({ sequence }) => canRead(sequence))
  const readable = traces.filter((_, i) => fits[i])
  if (readable.length === 0) return Effect.succeed({ traces: [...traces] as never, tooLong: traces.length })
  return Effect.map(read(readable.map(({ sequence }) => sequence)), (columns) => {
    let next = 0
    return {
      traces: traces.map(({ row, sequence }, i) => {
        const own: Partial<Columns> = fits[i] === true ? columns[next++]! : {}
        return { sequence, row: { ...row, ...own } }
      }),
      tooLong: traces.length - readable.length
    }
  })
}
