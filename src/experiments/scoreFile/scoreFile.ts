import { Effect, FileSystem, Stream } from "effect"
import type { ResultRow } from "../../core/data/index.ts"
import { Censuses, type KeyedRow, ResultFile } from "../../core/result/index.ts"
import type { ScoreOptions } from "../commands/index.ts"
import {
  ChunkedFiles,
  describeInput,
  fileDigest,
  inputProblems,
  type LeftOut,
  NothingToRead,
  PolicyReaders,
  ResultsFailed,
  readPolicy,
  readReward,
  scoreTraces,
  traceTokens,
  type WholeModel,
  watched,
  withTokens
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

/** Rows of the traces as this model reads them. */
const tracesOf = ({ model: { tokenizer, template } }: WholeModel) => {
  // The completions of a prompt stand together.
  let last: { readonly text: string; readonly ids: ReadonlyArray<number> } | undefined
  const promptOf = (text: string) => {
    if (last?.text !== text) last = { text, ids: tokenizer.encode(text) }
    return last.ids
  }
  return (row: KeyedRow) => {
    const tokens = traceTokens(row, tokenizer)
    const prompt = promptOf(row.rendered_prompt ?? template.render(row.prompt))
    return { ...withTokens(row, tokens), sequence: { prompt, completion: tokens.token_ids } }
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
  const census = Censuses.make()
  const traceOf = tracesOf(whole)
  yield* ResultFile.stream(file, census).pipe(
    Stream.grouped(CHUNK),
    Stream.drop(out.chunks),
    Stream.runForEach((rows) =>
      progress.chunk(
        Effect.gen(function* () {
          const traces = rows.map(traceOf)
          const scored = yield* scoreTraces(traces, { fits, read })
          yield* out.append(
            scored.traces.map(({ row }) => ({ ...row, ...told })),
            {
              unread: scored.tooLong,
              cut: traces.filter(({ sequence }) => cut(sequence)).length,
              other_tokens: traces.filter(({ lost }) => lost).length
            }
          )
          return rows
        }),
        (rows) => rows.length
      )
    )
  )
  yield* progress.finish
  if (census.rows === 0) return yield* new NothingToRead({ file, found: inputProblems(census).map(describeInput) })
  const summary = {
    ...{ ...settings, notes, output },
    left_out: out.counts() satisfies LeftOut,
    input_problems: inputProblems(census),
    ...(yield* summarise(output, mode))
  }
  const summaryFile = `${output}.summary.json`
  yield* fs
    .writeFileString(summaryFile, `${JSON.stringify(summary, null, 2)}\n`)
    .pipe(Effect.mapError(({ message: reason }) => new ResultsFailed({ file: summaryFile, reason })))
  return summary
})
