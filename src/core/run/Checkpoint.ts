import { Effect, FileSystem, Option, Result } from "effect"
import { Safetensors } from "../model/index.ts"
import {
  readBytes,
  readFailed,
  sha256,
  syncDirectory,
  temporaryPrefix,
  writeFailed,
  writeSynced
} from "./DurableFile.ts"
import { UnfitJson } from "./errors.ts"
import { inexactKey } from "./inexactKey.ts"
import type { Json, Snapshot } from "./Stage.ts"

/** What a checkpoint says beside the stage's own snapshot. */
export interface Progress {
  /** Finished steps. */
  readonly step: number
  /** Time that these steps took, over all sessions. */
  readonly seconds: number
  /** The best checkpoint so far, where the run follows a metric. */
  readonly best: { readonly step: number; readonly value: number } | null
}

/** A checkpoint read back: whole, and equal to what was saved. */
export interface Restored extends Progress {
  readonly path: string
  readonly snapshot: Snapshot
}

/** A checkpoint that was found and could not be used. */
export interface Rejected {
  readonly path: string
  readonly reason: string
}

/** What a stage's folder holds to go on from. */
export interface Found {
  readonly restored: Option.Option<Restored>
  /** Newer checkpoints that were passed over. */
  readonly rejected: ReadonlyArray<Rejected>
}

const modelName = "model.safetensors"
const stateName = "state.json"
const namePattern = /^checkpoint-(\d+)$/

/** Folder of the checkpoint after `step` steps. */
export const pathOf = (folder: string, step: number): string => `${folder}/checkpoint-${step}`

/** Steps of the checkpoints in a stage's folder, newest first; empty when there is no such folder. */
export const list = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const names = yield* fs.readDirectory(folder).pipe(
    Effect.catchIf(
      (error) => error.reason._tag === "NotFound",
      () => Effect.succeed<Array<string>>([])
    ),
    Effect.mapError(readFailed(folder))
  )
  return names
    .flatMap((name) => namePattern.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a)
})

interface StateFile extends Progress {
  readonly rewardflow: 1
  readonly stage: string
  readonly model: { readonly bytes: number; readonly sha256: string }
  readonly state: Json
}

const encodeState = Effect.fnUntraced(function* (state: StateFile) {
  // The digest covers the text of everything before it, so a change of any character is seen.
  const body = JSON.stringify(state)
  const digest = yield* sha256(new TextEncoder().encode(body))
  return new TextEncoder().encode(`${body.slice(0, -1)},"sha256":"${digest}"}\n`)
})

const stateTail = /,"sha256":"([0-9a-f]{64})"\}\n$/

const decodeState = Effect.fnUntraced(function* (bytes: Uint8Array) {
  const text = new TextDecoder().decode(bytes)
  const tail = stateTail.exec(text)
  if (tail === null) return Option.none<StateFile>()
  const body = `${text.slice(0, tail.index)}}`
  if ((yield* sha256(new TextEncoder().encode(body))) !== tail[1]) return Option.none<StateFile>()
  // The digest matches: this is the text that `encodeState` wrote.
  return Option.some(JSON.parse(body) as StateFile)
})

/**
 * Writes a checkpoint so that it is either whole or absent: both files under a temporary name, flushed, then the
 * folder renamed. Returns its path and size. On failure the temporary folder is removed and `WriteFailed` says
 * how many bytes were needed; earlier checkpoints are not touched.
 */
export const write = Effect.fn("Checkpoint.write")(function* (
  folder: string,
  stage: string,
  snapshot: Snapshot,
  progress: Progress
) {
  const fs = yield* FileSystem.FileSystem
  const inexact = inexactKey(snapshot.state, "state")
  if (inexact !== undefined) return yield* new UnfitJson({ what: `Stage ${stage}`, ...inexact })
  const model = Safetensors.encode(snapshot.tensors)
  const state = yield* encodeState({
    rewardflow: 1,
    stage,
    ...progress,
    model: { bytes: model.length, sha256: yield* sha256(model) },
    state: snapshot.state
  })
  const path = pathOf(folder, progress.step)
  const temporary = `${folder}/${temporaryPrefix}checkpoint-${progress.step}`
  const bytes = model.length + state.length
  yield* Effect.gen(function* () {
    yield* fs.remove(temporary, { recursive: true, force: true })
    yield* fs.makeDirectory(temporary, { recursive: true })
    yield* writeSynced(`${temporary}/${modelName}`, model)
    yield* writeSynced(`${temporary}/${stateName}`, state)
    yield* syncDirectory(temporary)
    yield* fs.rename(temporary, path)
    yield* syncDirectory(folder)
  }).pipe(
    Effect.mapError(writeFailed(path, bytes)),
    Effect.onError(() => Effect.ignore(fs.remove(temporary, { recursive: true, force: true })))
  )
  return { path, bytes }
})

/** Reads one checkpoint and checks it: lengths, digests, the stage's name. */
export const read = Effect.fn("Checkpoint.read")(function* (folder: string, stage: string, step: number) {
  const path = pathOf(folder, step)
  const rejected = (reason: string): Result.Result<Restored, Rejected> => Result.fail({ path, reason })
  const stateBytes = yield* readBytes(`${path}/${stateName}`)
  if (Option.isNone(stateBytes)) return rejected(`${stateName} is missing`)
  const decoded = yield* decodeState(stateBytes.value)
  if (Option.isNone(decoded)) return rejected(`${stateName} is torn or changed`)
  const state = decoded.value
  if (state.stage !== stage || state.step !== step) return rejected(`it is of stage ${state.stage}, step ${state.step}`)
  const model = yield* readBytes(`${path}/${modelName}`)
  if (Option.isNone(model)) return rejected(`${modelName} is missing`)
  if (model.value.length !== state.model.bytes) {
    return rejected(`${modelName} has ${model.value.length} bytes instead of ${state.model.bytes}`)
  }
  if ((yield* sha256(model.value)) !== state.model.sha256)
    return rejected(`${modelName} has another SHA-256 than was saved`)
  const contents = Safetensors.decode(model.value)
  if (Result.isFailure(contents)) return rejected(contents.failure.message)
  return Result.succeed<Restored>({
    ...state,
    path,
    snapshot: { tensors: contents.success.tensors, state: state.state }
  })
})

/** The newest usable checkpoint of a stage, with those that were passed over on the way. */
export const latest = Effect.fn("Checkpoint.latest")(function* (folder: string, stage: string) {
  const rejected: Array<Rejected> = []
  for (const step of yield* list(folder)) {
    const result = yield* read(folder, stage, step)
    if (Result.isSuccess(result)) return { restored: Option.some(result.success), rejected } satisfies Found
    rejected.push(result.failure)
  }
  return { restored: Option.none(), rejected } satisfies Found
})

/**
 * Renames unusable checkpoints to `rejected-<step>`: out of the way of the steps that will be done again, yet there
 * for whoever wants to look.
 */
export const setAside = Effect.fn("Checkpoint.setAside")(function* (rejected: ReadonlyArray<Rejected>) {
  const fs = yield* FileSystem.FileSystem
  for (const { path } of rejected) {
    const aside = path.replace(/checkpoint-(\d+)$/, "rejected-$1")
    yield* fs
      .remove(aside, { recursive: true, force: true })
      .pipe(Effect.andThen(fs.rename(path, aside)), Effect.mapError(writeFailed(aside, 0)))
  }
})

/** Removes all checkpoints but the newest `keep` and the best one. */
export const retain = Effect.fn("Checkpoint.retain")(function* (
  folder: string,
  keep: number,
  best: number | undefined
) {
  const fs = yield* FileSystem.FileSystem
  for (const step of (yield* list(folder)).slice(keep)) {
    if (step === best) continue
    // Renamed first: a removal cut short must not leave something that looks like a checkpoint.
    const doomed = `${folder}/${temporaryPrefix}removed-${step}`
    yield* fs
      .rename(pathOf(folder, step), doomed)
      .pipe(
        Effect.andThen(fs.remove(doomed, { recursive: true, force: true })),
        Effect.mapError(writeFailed(pathOf(folder, step), 0))
      )
  }
})
