import { Data, Effect, FileSystem, Result, Schema, Stream } from "effect"
import {
  BadRows,
  Demonstration,
  Examples,
  FileError,
  Jsonl,
  type Messages,
  Problem,
  Problems,
  parseRow,
  ResultRow,
  Rollout,
  Sources
} from "../../core/data/index.ts"

/** A policy's completion as text, with the conversation it answers. */
export interface PolicyTrace {
  readonly prompt: ReadonlyArray<Messages.Message>
  /** Joins it with the demonstration of the same problem. */
  readonly problemId: string | undefined
  /** May be empty: such a trace has no unit and teaches nothing. */
  readonly completion: string
  /** Token ids of the completion as it was drawn, stop token included, where the row has them. */
  readonly ids?: ReadonlyArray<number>
}

/** Files without a trace that could be learned from. */
export class NoTraces extends Data.TaggedError("NoTraces")<{ readonly reason: string; readonly fix: string }> {
  override get message(): string {
    return `${this.reason}. ${this.fix}`
  }
}

const Plain = Schema.Struct({ problem: Problem, completion: Schema.String })

/** Which of the three row formats a row is of, by a key that only this one has. */
const Kind = Schema.Struct({
  generation: Schema.optionalKey(Schema.Unknown),
  completionIds: Schema.optionalKey(Schema.Unknown)
})

const traceOf =
  (prompts: ReadonlyMap<string, ReadonlyArray<Messages.Message>>) =>
  (text: string, place: { readonly file: string; readonly line: number }) => {
    const kind = parseRow(Kind)(text, place)
    if (Result.isFailure(kind)) return Result.fail(kind.failure)
    if (kind.success.generation !== undefined)
      return Result.map(
        parseRow(ResultRow)(text, place),
        ({ prompt, prompt_id, generation, token_ids }): PolicyTrace => ({
          prompt,
          problemId: prompt_id,
          completion: generation.content,
          ...(token_ids === undefined ? {} : { ids: token_ids })
        })
      )
    if (kind.success.completionIds !== undefined)
      return Result.map(
        parseRow(Rollout)(text, place),
        ({ promptId, text, completionIds }): PolicyTrace => ({
          prompt: prompts.get(promptId) ?? [],
          problemId: promptId,
          completion: text,
          ids: completionIds
        })
      )
    return Result.map(
      parseRow(Plain)(text, place),
      ({ problem, completion }): PolicyTrace => ({
        prompt: Problems.messages(problem),
        problemId: problem.id,
        completion
      })
    )
  }

/**
 * Demonstrations of several files, of any format; every row must be sound. A row is `{problem, completion}`, or has the
 * common columns `messages`, `prompt, completion`, `prompt, chosen, rejected` or `prompt, completion, label`, of which the
 * good completions are demonstrations.
 */
export const readDemonstrations = Effect.fnUntraced(function* (files: ReadonlyArray<string>) {
  const read = yield* Effect.forEach(files, (file) =>
    Effect.gen(function* () {
      const source = Sources.file(file)
      const columns = yield* Sources.columns(source, ["problem", ...Examples.knownColumns])
      const isOwn = columns.length === 0 || columns.includes("problem")
      const rows: ReadonlyArray<Demonstration> = isOwn ? yield* Sources.readAll(source, Demonstration) : []
      return { rows, examples: isOwn ? [] : yield* Examples.examples(source) }
    })
  )
  return [...read.flatMap(({ rows }) => rows), ...Examples.demonstrations(read.flatMap(({ examples }) => examples))]
})

/** A row as read, before its format is known. */
const Raw = Schema.Record(Schema.String, Schema.Unknown)

/**
 * Policy traces of several files. A row is a result row (`generation`), a rollout (`completionIds`; its prompt is that
 * of the demonstration of the same problem), or a plain `{problem, completion}`.
 */
export const readPolicyTraces = Effect.fnUntraced(function* (
  files: ReadonlyArray<string>,
  demonstrations: ReadonlyArray<Demonstration>
) {
  const prompts = new Map(demonstrations.map(({ problem }) => [problem.id, Problems.messages(problem)]))
  const parse = traceOf(prompts)
  const all = yield* Effect.forEach(files, (file) =>
    Effect.gen(function* () {
      const rows: Array<PolicyTrace> = []
      const errors: Array<BadRows["errors"][number]> = []
      let bad = 0
      yield* Stream.runForEach(Jsonl.stream(file, Raw), ({ line, row }) =>
        Effect.sync(() => {
          const read = Result.flatMap(row, (raw) => parse(JSON.stringify(raw), { file, line }))
          if (Result.isSuccess(read)) rows.push(read.success)
          else {
            bad++
            if (errors.length < 10) errors.push(...read.failure)
          }
        })
      )
      if (bad > 0) return yield* new BadRows({ file, good: rows.length, bad, errors })
      return rows
    })
  )
  return all.flat()
})

/** SHA-256 of each input file, by its path. */
export const hashes = (files: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const digest = (file: string) =>
      fs.readFile(file).pipe(
        Effect.mapError((cause) => new FileError({ file, during: "read", reason: cause.message, cause })),
        Effect.flatMap((bytes) => Effect.promise(() => crypto.subtle.digest("SHA-256", new Uint8Array(bytes)))),
        Effect.map((hash) => [file, Buffer.from(hash).toString("hex")] as const)
      )
    return Object.fromEntries(yield* Effect.forEach(files, digest))
  })
