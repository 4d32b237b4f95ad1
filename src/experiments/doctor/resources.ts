import { statfs } from "node:fs/promises"
import { dirname, resolve } from "node:path"
import { Effect } from "effect"
import type { Params } from "../../core/learner/index.ts"
import { type ModelConfig, parameterSpecs } from "../../core/model/index.ts"
import { Shapes } from "../../core/tensor/index.ts"
import type { Recipe } from "../train/index.ts"

/** What a machine has to give, in bytes. A service, so that a test can be a smaller machine. */
export interface Resources {
  /** Free on the disk of a folder, which need not exist yet. */
  readonly disk: (folder: string) => Effect.Effect<number, Error>
  /** That this process may still take, limits of its container included. */
  readonly memory: Effect.Effect<number>
  /** That this process takes now. */
  readonly resident: Effect.Effect<number>
}

const asError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)))

const freeAt = (folder: string): Effect.Effect<number, Error> =>
  Effect.tryPromise({ try: () => statfs(folder), catch: asError }).pipe(
    Effect.map(({ bavail, bsize }) => bavail * bsize),
    Effect.catch((error) =>
      "code" in error && error.code === "ENOENT" && dirname(folder) !== folder
        ? freeAt(dirname(folder))
        : Effect.fail(error)
    )
  )

/** Those of this machine. */
export const resources: Resources = {
  disk: (folder) => freeAt(resolve(folder)),
  memory: Effect.sync(() => process.availableMemory()),
  resident: Effect.sync(() => process.memoryUsage().rss)
}

/** Checkpoints of a stage that lie on the disk at once: two that are kept, and one that is being written. */
const CHECKPOINTS = 3

/** Bytes of a model's weights in memory, before any is read. */
export const weightBytes = (config: ModelConfig): number =>
  Object.values(parameterSpecs(config)).reduce((sum, { shape }) => sum + Shapes.size(shape) * 4, 0)

/** Bytes of parameters as a checkpoint holds them. */
export const parameterBytes = (params: Params): number =>
  Object.values(params).reduce((sum, { data }) => sum + data.length * 4, 0)

/** Bytes of what trains, of each model. */
export interface Trains {
  readonly policy: number
  /** 0 where none is learned; beside an adapter it may be a whole model. */
  readonly critic: number
}

/**
 * Bytes of one checkpoint, and of all that a run keeps: of policy and critic parameters, their two moments and the best
 * ones so far; each stage has its own, and the models of the end are stored beside them, the policy's twice.
 */
export const storedBytes = (
  { learning }: Pick<Recipe, "learning">,
  { policy, critic }: Trains
): { readonly checkpoint: number; readonly run: number } => {
  const checkpoint = 4 * (policy + critic)
  const fineTuning = learning._tag === "Airl" ? learning.policy.sft : learning._tag === "Sft" ? undefined : learning.sft
  const before = fineTuning === undefined ? 0 : 4 * policy
  return { checkpoint, run: CHECKPOINTS * (checkpoint + before) + 2 * policy + critic }
}
