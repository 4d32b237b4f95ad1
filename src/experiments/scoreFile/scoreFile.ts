import { Effect, FileSystem, Stream } from "effect"
import type { ResultRow } from "../../core/data/index.ts"
import { Censuses, type KeyedRow, ResultFile } from "../../core/result/index.ts"
import type { ScoreOptions } from "../commands/index.ts"
import {
  ChunkedFiles,
  fileDigest,
  PolicyReaders,
  ResultsFailed,
  readPolicy,
  readReward,
  scoreTraces,
  traceTokens,
  type WholeModel,
  watched
} from "../evaluateRun/index.ts"
import { policyColumns, rewardColumns } from "./rewardColumns.ts"
import { summarise } from "./summarise.ts"

/** Rows that are scored before they are written together. */
const CHUNK = 64

type Columns = Partial<ResultRow>

/** How rows get their columns, from the one model that is read; and what should be told of it. */
const readerOf = Effect.fnUntraced(function* (options: ScoreOptions) {
  const { mode, model: name } = options
  if (mode === "policy") {
    const { whole, fits, read } = yield* PolicyReaders.make(yield* readPolicy(name), options.logitChunk ?? null)
    return {
      ...{ whole, fits, description: null, notes: [] },
      cut: () => false,
      read: (sequences: Parameters<typeof read>[0]) =>
        Effect.map(read(sequences), (rows) =>
          rows.map((row): Columns => ({ score_model_type: "policy", ...row, ...policyColumns(row) }))
        )
    }
  }
  const { reader, description, notes } = yield* readReward(name, options)
  const columns: Columns = {
    score_model_type: "reward",
    reward_variant: description.granularity,
    critic_type: description.segment === null ? "standard" : "airl_segment",
    ...(description.segment === null ? {} : { reward_mode: description.segment.reward })
  }
  return {
    ...{ whole: reader.model, fits: reader.fits, description, notes },
    cut: (sequence: Parameters<typeof reader.fits>[0]) => reader.beyondWindow(sequence) > 0,
    read: (sequences: Parameters<typeof reader.rewards>[0]) =>
      Effect.map(reader.rewards(sequences), (rows) =>
        rows.map((row): Columns => ({ ...columns, ...row, ...rewardColumns(row) }))
      )
  }
})

/** A row of the traces as this model reads it; what was said of other tokens is not kept. */
const traceOf = ({ model: { tokenizer, template } }: WholeModel, row: KeyedRow) => {
  const tokens = traceTokens(row, tokenizer)
  const same = JSON.stringify(tokens.token_ids) === JSON.stringify(row.token_ids)
  const { reward_model_score: _, reward_unit_ends: __, reward_segments: ___, policy_log_probs: ____, ...rest } = row
  return {
    row: { ...(same ? row : rest), ...tokens },
    sequence: {
      prompt: tokenizer.encode(row.rendered_prompt ?? template.render(row.prompt)),
      completion: tokens.token_ids
    }
  }
}

/**
 * Scores the traces of a file by one model, a chunk of rows at a time, so that the file may be larger than memory; from
 * where an earlier call was killed.
 */
export const scoreFile = Effect.fnUntraced(function* (options: ScoreOptions) {
  const fs = yield* FileSystem.FileSystem
  const { file, mode, overwrite, label, output } = options
  const { whole, fits, read, cut, description, notes } = yield* readerOf(options)
  const settings = {
    ...{ file, input: yield* fileDigest(file), mode, label: label ?? null },
    ...{ model: whole.folder, weights: whole.weights, reward: description }
  }
  const out = yield* ChunkedFiles.open(output, { settings: JSON.parse(JSON.stringify(settings)), overwrite })
  const lines = yield* Stream.runCount(ResultFile.lines(file))
  const progress = yield* watched(`score by ${mode}`, Math.ceil(lines / CHUNK), out.chunks)
  const told: Columns = { source_trace_file: file, ...(label === undefined ? {} : { score_label: label }) }
  yield* ResultFile.stream(file, Censuses.make()).pipe(
    Stream.grouped(CHUNK),
    Stream.drop(out.chunks),
    Stream.runForEach((rows) =>
      progress.chunk(
        Effect.gen(function* () {
          const traces = rows.map((row) => traceOf(whole, row))
          const scored = yield* scoreTraces(traces, { fits, read })
          yield* out.append(
            scored.traces.map(({ row }) => ({ ...row, ...told })),
            { unread: scored.tooLong, cut: traces.filter(({ sequence }) => cut(sequence)).length }
          )
          return rows
        }),
        (rows) => rows.length
      )
    )
  )
  yield* progress.finish
  const { unread = 0, cut: beyond = 0 } = out.counts()
  const summary = { ...settings, notes, output, unread, cut: beyond, ...(yield* summarise(output, mode)) }
  const summaryFile = `${output}.summary.json`
  yield* fs
    .writeFileString(summaryFile, `${JSON.stringify(summary, null, 2)}\n`)
    .pipe(Effect.mapError(({ message: reason }) => new ResultsFailed({ file: summaryFile, reason })))
  return summary
})
