import { Effect, type FileSystem, Schema, Stream } from "effect"
import { type FileError, Jsonl } from "../data/index.ts"
import { type Measurement, Measurements } from "../evaluation/index.ts"
import { fromRows, type HarnessSample, sha256 } from "./HarnessSample.ts"
import type { KeyedRow } from "./RowKey.ts"

const TaskScores = Schema.Record(Schema.String, Schema.Unknown)

/** `results_<time>.json` of lm-evaluation-harness, as far as it is read: scores by task, `"metric,filter"` to a number. */
export const HarnessResults = Schema.StructWithRest(
  Schema.Struct({
    results: Schema.Record(Schema.String, TaskScores),
    versions: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
    "n-shot": Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
    model_name: Schema.optionalKey(Schema.NullOr(Schema.String))
  }),
  [Schema.Record(Schema.String, Schema.Unknown)]
)
export type HarnessResults = typeof HarnessResults.Type

/** What the file names hold of a time: ISO, with `-` for `:`. */
export const stamp = (time: Date): string => time.toISOString().replace(/Z$/, "").replaceAll(":", "-")

/** The names of the two files of a run. */
export const fileNames = (task: string, time: Date): { readonly samples: string; readonly results: string } => ({
  samples: `samples_${task}_${stamp(time)}.jsonl`,
  results: `results_${stamp(time)}.json`
})

/** Samples of the rows, a prompt each, in the order of their first row. */
export const samples = (
  rows: ReadonlyArray<KeyedRow>,
  sampling?: Readonly<Record<string, unknown>>
): Effect.Effect<ReadonlyArray<HarnessSample>> =>
  Effect.forEach([...Map.groupBy(rows, ({ prompt_id }) => prompt_id).values()], (group, docId) =>
    fromRows(
      group.toSorted((a, b) => a.generation_idx - b.generation_idx),
      docId,
      sampling
    )
  )

/** What is reported of a task. */
export interface TaskResult {
  readonly task: string
  readonly metrics: Readonly<Record<string, Measurement>>
  readonly samples: ReadonlyArray<HarnessSample>
  readonly modelName: string
  /** How completions were drawn, and when the evaluation began, where they are told. */
  readonly sampling?: Readonly<Record<string, unknown>>
  readonly seed?: number
  readonly started?: Date
}

/** The half width of a 95% interval over this is the standard error of a normal value. */
const NORMAL_95 = 1.96

/**
 * The summary that goes with the samples. Each metric is `"name,none"`, its standard error half its interval over 1.96;
 * one that is not available is left out, and with it nothing is said.
 */
export const summary = ({
  task,
  metrics,
  samples: own,
  modelName,
  sampling = {},
  seed,
  started
}: TaskResult): Effect.Effect<HarnessResults> =>
  Effect.map(
    sha256(own.map((s) => `${s.doc_hash ?? ""}${s.prompt_hash ?? ""}${s.target_hash ?? ""}`).join("")),
    (hash) => ({
      results: {
        [task]: {
          name: task,
          alias: task,
          sample_len: own.length,
          ...Object.fromEntries(
            Object.entries(metrics).flatMap(([name, measured]) =>
              Measurements.isEstimate(measured)
                ? [
                    [`${name},none`, measured.value],
                    [`${name}_stderr,none`, (measured.ci95[1] - measured.ci95[0]) / 2 / NORMAL_95]
                  ]
                : []
            )
          )
        }
      },
      group_subtasks: { [task]: [] },
      configs: { [task]: { task } },
      versions: { [task]: 1 },
      "n-shot": { [task]: 0 },
      higher_is_better: { [task]: Object.fromEntries(Object.keys(metrics).map((name) => [name, true])) },
      "n-samples": { [task]: { original: own.length, effective: own.length } },
      config: {
        model: modelName,
        model_args: null,
        batch_size: null,
        gen_kwargs: sampling,
        random_seed: seed ?? null
      },
      ...(started === undefined ? {} : { date: started.getTime() / 1000 }),
      model_name: modelName,
      model_name_sanitized: modelName.replace(/["<>:/|\\?*[\]]+/g, "__"),
      task_hashes: { [task]: hash }
    })
  )

/** Writes the samples of a task as JSON lines. */
export const writeSamples = (
  file: string,
  own: ReadonlyArray<HarnessSample>
): Effect.Effect<void, FileError, FileSystem.FileSystem> => Jsonl.writeStream(file, Stream.fromIterable(own))
