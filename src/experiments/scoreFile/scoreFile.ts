import { Effect, FileSystem, Stream } from "effect"
import type { ResultRow } from "../../core/data/index.ts"
import { Segment } from "../../core/objective/index.ts"
import { Censuses, type KeyedRow, ResultFile } from "../../core/result/index.ts"
import { Granularities, type Granularity } from "../../core/reward/index.ts"
import { StepRules } from "../../core/text/index.ts"
import type { ScoreOptions } from "../commands/index.ts"
import {
  ChunkedFiles,
  PolicyReaders,
  ResultsFailed,
  RewardReaders,
  readPolicy,
  readRewardModel,
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

/** The granularity that flags name. */
export const granularityNamed = ({
  granularity,
  stepRule
}: Pick<ScoreOptions, "granularity" | "stepRule">): Granularity => {
  switch (granularity._tag) {
    case "sparse":
      return Granularities.sparse
    case "stepwise":
      return Granularities.stepwise(StepRules[stepRule])
    case "interval":
      return Granularities.interval(granularity.tokens)
    case "dense":
      return Granularities.dense
  }
}

const segmentRewards = {
  mean_g: Segment.rewardG,
  mean_f: Segment.rewardF,
  mean_g_plus_shape: Segment.rewardGPlusShape(1)
} as const

/** How rows get their columns, from the one model that is read. */
const readerOf = Effect.fnUntraced(function* (options: ScoreOptions) {
  const { mode, model: name, rewardMode } = options
  if (mode === "policy") {
    const { whole, read } = yield* PolicyReaders.make(yield* readPolicy(name), options.logitChunk ?? null)
    const columns: Columns = { score_model_type: "policy", checkpoint_id: whole.folder }
    return {
      whole,
      read: (sequences: Parameters<typeof read>[0]) =>
        Effect.map(read(sequences), (rows) =>
          rows.map((row): Columns => ({ ...columns, ...row, ...policyColumns(row) }))
        )
    }
  }
  const whole = yield* readRewardModel(name)
  const isSegment = whole.params["potential.weight"] !== undefined
  const units = granularityNamed(options)
  const reader = yield* RewardReaders.make(whole, {
    granularity: isSegment ? Granularities.segments(units) : units,
    ...(options.clip === undefined ? {} : { clamp: options.clip }),
    segment: { gamma: 1, reward: segmentRewards[rewardMode] }
  })
  const columns: Columns = {
    score_model_type: "reward",
    reward_variant: units.name,
    critic_type: isSegment ? "airl_segment" : "standard",
    ...(isSegment ? { reward_mode: rewardMode } : {})
  }
  return {
    whole,
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
  const { whole, read } = yield* readerOf(options)
  const settings = {
    ...{ file, mode, model: whole.folder, label: label ?? null, granularity: granularityNamed(options).name },
    ...{ clip: options.clip ?? null, rewardMode: options.rewardMode }
  }
  const out = yield* ChunkedFiles.open(output, { settings: JSON.parse(JSON.stringify(settings)), overwrite })
  const lines = yield* Stream.runCount(ResultFile.lines(file))
  const progress = yield* watched(`score by ${mode}`, Math.ceil(lines / CHUNK), out.chunks)
  const told: Columns = { source_trace_file: file, ...(label === undefined ? {} : { score_label: label }) }
  const { max_position_embeddings } = whole.model.config
  yield* ResultFile.stream(file, Censuses.make()).pipe(
    Stream.grouped(CHUNK),
    Stream.drop(out.chunks),
    Stream.runForEach((rows) =>
      progress.chunk(
        Effect.gen(function* () {
          const traces = rows.map((row) => traceOf(whole, row))
          const scored = yield* scoreTraces(traces, max_position_embeddings, read)
          yield* out.append(
            scored.traces.map(({ row }) => ({ ...row, ...told })),
            { unread: scored.tooLong }
          )
          return rows
        }),
        (rows) => rows.length
      )
    )
  )
  yield* progress.finish
  const unread = out.counts()["unread"] ?? 0
  const summary = { ...settings, output, unread, ...(yield* summarise(output, mode)) }
  const summaryFile = `${output}.summary.json`
  yield* fs
    .writeFileString(summaryFile, `${JSON.stringify(summary, null, 2)}\n`)
    .pipe(Effect.mapError(({ message: reason }) => new ResultsFailed({ file: summaryFile, reason })))
  return summary
})
