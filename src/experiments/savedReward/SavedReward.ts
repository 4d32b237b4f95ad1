import { Effect, FileSystem, Schema } from "effect"
import { RunDirectory } from "../../core/run/index.ts"
import { BadModelFolder, weightsDigest } from "../models/index.ts"
import { granularityNamed } from "./granularityNames.ts"
import { RewardDescription } from "./RewardDescription.ts"

/** What lies beside the weights of a reward model, and says how they are read. */
const FILE = "reward.json"

/**
 * A reward as it is saved: the model's folder (config, weights, tokenizer with its template) and this file in it, so that
 * whoever reads the folder need not be told again. `weights` are the digest of the weights that it was written for.
 */
export const SavedReward = Schema.Struct({
  version: Schema.Literal(1),
  /** How its outputs become rewards. */
  reading: RewardDescription,
  /** What was minimised to learn it, e.g. `bce`; for readers alone. */
  objective: Schema.String,
  weights: Schema.String
})
export type SavedReward = typeof SavedReward.Type

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(SavedReward), {
  errors: "all",
  onExcessProperty: "error"
})

/** What is said beside the weights of a folder; undefined where nothing is. Other weights than it was written for are refused. */
export const read = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const file = `${folder}/${FILE}`
  if (!(yield* fs.exists(file).pipe(Effect.orElseSucceed(() => false)))) return undefined
  const saved = yield* fs.readFileString(file).pipe(
    Effect.flatMap(decode),
    Effect.mapError(
      ({ message }) =>
        new BadModelFolder({
          file,
          reason: message,
          fix: "Write it as specs/62-evaluation-runs.md says, or remove it and say --granularity"
        })
    )
  )
  const weights = yield* weightsDigest(folder)
  if (weights !== saved.weights)
    return yield* new BadModelFolder({
      file,
      reason: `it was written for weights ${saved.weights.slice(0, 12)}, and beside it lie weights ${weights.slice(0, 12)}`,
      fix: "Bring the files of one reward together again, or remove it and say --granularity"
    })
  return saved
})

/** Writes what says how the reward model of a run's folder is read, after its weights; returns their digest. */
export const write = Effect.fnUntraced(function* (
  directory: RunDirectory.RunDirectory,
  folder: string,
  { reading, objective }: Pick<SavedReward, "reading" | "objective">
) {
  if (granularityNamed(reading.granularity) === undefined)
    return yield* new BadModelFolder({
      file: `${directory.path}/${folder}/${FILE}`,
      reason: `the granularity ${reading.granularity} is known by no name, so nobody could read it back`,
      fix: "Save it under one of core's granularities, or read it in code with RewardReaders.make"
    })
  const weights = yield* weightsDigest(`${directory.path}/${folder}`)
  const saved: SavedReward = { version: 1, reading, objective, weights }
  yield* RunDirectory.writeArtifact(directory, `${folder}/${FILE}`, saved)
  return weights
})
