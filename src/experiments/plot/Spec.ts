import { Data, Effect, FileSystem, Runtime, Schema } from "effect"
import { BadConfigFile, type DictNode, Nodes, nearestName, readYaml, UnknownKey } from "../../core/config/index.ts"

const Text = Schema.NonEmptyString
const PerDomain = Schema.Union([Text, Schema.Record(Schema.String, Text)])

/** One line of `experiments`: the runs that are compared, under a label. */
const Experiment = Schema.Struct({
  /** Name of a run, or one a domain. */
  airl: PerDomain,
  sft: Schema.optionalKey(PerDomain),
  grpo: Schema.optionalKey(PerDomain),
  label: Text,
  /** Only these domains; all by default. */
  domains: Schema.optionalKey(Schema.Array(Text))
})

/** A figure specification as written in YAML, with the published keys. */
const SpecFile = Schema.Struct({
  default_ckpt: Schema.optionalKey(Text),
  output_root: Schema.optionalKey(Text),
  answer_only_modes: Schema.optionalKey(Schema.NonEmptyArray(Schema.Boolean)),
  /** Name of a data set to the folder of its runs. */
  domains: Schema.Record(Schema.String, Text),
  preferred_jsonl_files: Schema.optionalKey(Schema.Array(Text)),
  aime_jsonl_by_domain: Schema.optionalKey(Schema.Record(Schema.String, Text)),
  airl_eval_file_from_label: Schema.optionalKey(Schema.Boolean),
  experiments: Schema.optionalKey(Schema.Array(Experiment))
})

export type Experiment = typeof Experiment.Type

/** A figure specification with its defaults. */
export interface Spec {
  readonly file: string
  readonly defaultCkpt: string
  readonly outputRoot: string
  readonly answerOnlyModes: ReadonlyArray<boolean>
  readonly domains: Readonly<Record<string, string>>
  /** Names of result files, looked for in this order. */
  readonly preferredFiles: ReadonlyArray<string>
  readonly aimeFiles: Readonly<Record<string, string>>
  /** Transfer only: the results of a run lie in `<label>.jsonl`. */
  readonly fileFromLabel: boolean
  readonly experiments: ReadonlyArray<Experiment>
}

/** A specification whose values cannot be used. */
export class BadSpec extends Data.TaggedError("BadSpec")<{ readonly file: string; readonly reason: string }> {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    return `${this.file}: ${this.reason}`
  }
}

/** What result files are called where a specification does not say. */
const usualFiles = ["eval_results_new.jsonl", "eval_results.jsonl"]

const unknownKey = (node: DictNode, known: ReadonlyArray<string>, prefix: string): UnknownKey | undefined => {
  const found = [...node.entries].find(([key]) => !known.includes(key))
  if (found === undefined) return undefined
  const [key, value] = found
  const fix = `Known: ${known.join(", ")}.`
  return new UnknownKey({ key: `${prefix}${key}`, origin: value.origin, nearest: nearestName(key, known), fix })
}

const unknownKeys = (content: DictNode): UnknownKey | undefined => {
  const own = unknownKey(content, Object.keys(SpecFile.fields), "")
  if (own !== undefined) return own
  const experiments = content.entries.get("experiments")
  const items = experiments?._tag === "List" ? experiments.items : []
  return items
    .flatMap((item) => (item._tag === "Dict" ? [item] : []))
    .map((item, i) => unknownKey(item, Object.keys(Experiment.fields), `experiments[${i}].`))
    .find((problem) => problem !== undefined)
}

/** A specification from its text; an unknown key is refused with the nearest known one. */
export const parseSpec = (file: string, text: string): Effect.Effect<Spec, BadConfigFile | UnknownKey | BadSpec> =>
  Effect.gen(function* () {
    const { content } = yield* Effect.try({
      try: () => readYaml(file, text),
      catch: (error) =>
        error instanceof BadConfigFile ? error : new BadConfigFile({ file, line: 1, reason: String(error) })
    })
    const unknown = unknownKeys(content)
    if (unknown !== undefined) return yield* unknown
    const spec = yield* Schema.decodeUnknownEffect(SpecFile)(Nodes.toValue(content)).pipe(
      Effect.mapError(({ message }) => new BadSpec({ file, reason: message }))
    )
    const domains = Object.keys(spec.domains)
    const named = (spec.experiments ?? []).flatMap(({ domains: own = [], airl }) => [
      ...own,
      ...(typeof airl === "string" ? [] : Object.keys(airl))
    ])
    const stranger = named.find((name) => !domains.includes(name))
    if (stranger !== undefined)
      return yield* new BadSpec({
        file,
        reason: `an experiment names the domain ${stranger}, which domains does not have. Did you mean ${nearestName(stranger, domains)}?`
      })
    const path = (spec.experiments ?? []).find(({ label }) => /[/\\]|^\.+$/.test(label))
    if (path !== undefined)
      return yield* new BadSpec({ file, reason: `the label ${path.label} names a folder: leave out / and \\.` })
    return {
      file,
      defaultCkpt: spec.default_ckpt ?? "best_model",
      outputRoot: spec.output_root ?? "./figures",
      answerOnlyModes: spec.answer_only_modes ?? [true],
      domains: spec.domains,
      preferredFiles: spec.preferred_jsonl_files ?? usualFiles,
      aimeFiles: spec.aime_jsonl_by_domain ?? {},
      fileFromLabel: spec.airl_eval_file_from_label ?? false,
      experiments: spec.experiments ?? []
    }
  })

/** Reads a specification. */
export const readSpec = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* fs
    .readFileString(file)
    .pipe(Effect.mapError((cause) => new BadSpec({ file, reason: `cannot be read: ${cause.message}` })))
  return yield* parseSpec(file, text)
})
