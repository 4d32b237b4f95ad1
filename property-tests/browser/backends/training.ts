import { Effect, Fiber, Layer } from "effect"
import * as ops from "../../../src/core/program/index.ts"
import { Programs, type Step, Steps } from "../../../src/core/program/index.ts"
import { Backend, BackendFailure, type Feeds } from "../../../src/core/service/index.ts"
import { Rng, Tensors } from "../../../src/core/tensor/index.ts"
import { grad } from "../../../src/core/transform/index.ts"
import { type EngineName, engines, loseDevice } from "./engines.ts"

/** Least squares by descent: w' = w - ∂loss/∂w / 4; each loss is returned, and written to a row of the log. */
const step: Step = (() => {
  const w = ops.input("w", [3, 1])
  const error = ops.sub(ops.matMul(ops.input("x", [4, 3]), w), ops.input("y", [4, 1]))
  const loss = ops.mean(ops.mul(error, error))
  const [slope] = grad(loss, [w])
  return Steps.make({
    program: Programs.fromExprs({ next: ops.sub(w, ops.mul(slope!, 0.25)), loss, row: ops.reshape(loss, [1, 1]) }),
    resident: ["w"],
    carry: [Steps.replace("next", "w"), Steps.append("row", "log")],
    guard: ["loss"]
  })
})()

export const STEPS = 8

const batch = (at: number): Feeds => {
  const rng = Rng.make("batch", at)
  const x = Array.from({ length: 12 }, () => 2 * Rng.uniform(rng) - 1)
  const y = Array.from({ length: 4 }, (_, i) => x[3 * i]! - 2 * x[3 * i + 1]! + 0.5)
  return { x: Tensors.f32(x, [4, 3]), y: Tensors.f32(y, [4, 1]) }
}

/** What a checkpoint holds of a run, and the step that it is from. */
export interface Checkpoint {
  readonly at: number
  readonly tensors: Feeds
}

export const beginning: Checkpoint = {
  at: 0,
  tensors: { w: Tensors.full([3, 1], 0), log: Tensors.full([STEPS, 1], 0) }
}

/** How far a run came, and what stopped it if anything did. */
export interface Ending {
  readonly losses: ReadonlyArray<number>
  readonly checkpoint: Checkpoint
  readonly failure: BackendFailure | undefined
}

const failureOf = (error: unknown): BackendFailure => {
  if (error instanceof BackendFailure) return error
  throw error
}

/**
 * Trains from a checkpoint to the last step, with a checkpoint after every step.
 *
 * @param losesAt the step in mid-run of which the device is lost
 */
export const train = (from: Checkpoint, losesAt?: number): Effect.Effect<Ending, never, Backend> =>
  Effect.gen(function* () {
    const backend = yield* Backend
    const memory = yield* backend.memory
    yield* memory.write(from.tensors)
    const executable = yield* backend.compile(step, { memory })
    const losses: Array<number> = []
    let checkpoint = from
    for (let at = from.at; at < STEPS; at++) {
      const run = yield* Effect.forkChild(Effect.exit(executable.run(batch(at), { at })))
      if (at === losesAt) loseDevice()
      const done = yield* Effect.result(Effect.flatten(Fiber.join(run)))
      if (done._tag === "Failure") return { losses, checkpoint, failure: failureOf(done.failure) }
      losses.push(done.success["loss"]!.data[0]!)
      checkpoint = { at: at + 1, tensors: yield* memory.read(["w", "log"]) }
    }
    return { losses, checkpoint, failure: undefined }
  }).pipe(
    Effect.scoped,
    Effect.catch((error) => Effect.succeed({ losses: [], checkpoint: from, failure: failureOf(error) }))
  )

/** Trains on an engine that is started for it. */
export const trainOn = (name: EngineName, from: Checkpoint, losesAt?: number): Promise<Ending> =>
  Effect.runPromise(
    train(from, losesAt).pipe(
      Effect.provide(Layer.fresh(engines[name].layer)),
      Effect.catch((failure) => Effect.succeed({ losses: [], checkpoint: from, failure }))
    )
  )
