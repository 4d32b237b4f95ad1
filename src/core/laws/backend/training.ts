import { Effect, type Layer } from "effect"
import type { Metrics, Stage } from "../../run/index.ts"
import type { Backend } from "../../service/index.ts"
import { stored } from "../stage.ts"
import { type BackendLaw, backendLaw } from "./BackendLaw.ts"
import { beside } from "./beside.ts"
import { type Tolerance, unlike } from "./Tolerance.ts"
import { type AnyStage, tinyRuns } from "./tinyRuns.ts"

/** Losses of a step: of the policy, of the critic, on held-out data. */
const isLoss = (name: string): boolean => /(?:^|\/)loss$/u.test(name)

const lossesOf = (metrics: Metrics): ReadonlyArray<number> =>
  Object.entries(metrics).flatMap(([name, value]) => (isLoss(name) && value !== null ? [value] : []))

type Losses = ReadonlyArray<ReadonlyArray<number>>

const stepsOf = (stage: Stage<unknown, never>, from: number, to: number): Effect.Effect<Losses, unknown> =>
  Effect.forEach(Array.from({ length: to - from }), (_, i) => Effect.map(stage.step(from + i), lossesOf))

/** A run from its start to its end. */
const whole = (make: AnyStage) =>
  Effect.gen(function* () {
    const stage = yield* make
    yield* stage.start
    return yield* stepsOf(stage, 0, stage.steps)
  })

/** The first half of a run, and what a checkpoint then holds. */
const begun = (make: AnyStage) =>
  Effect.gen(function* () {
    const stage = yield* make
    yield* stage.start
    const losses = yield* stepsOf(stage, 0, stage.steps / 2)
    return { losses, snapshot: stored(yield* stage.save) }
  })

/** The second half of a run, from a checkpoint. */
const resumed = (make: AnyStage, { snapshot }: Effect.Success<ReturnType<typeof begun>>) =>
  Effect.gen(function* () {
    const stage = yield* make
    yield* stage.restore(snapshot)
    return yield* stepsOf(stage, stage.steps / 2, stage.steps)
  })

const apart = (found: Losses, expected: Losses, tolerance: Tolerance): string | undefined => {
  for (const [step, right] of expected.entries()) {
    const wrong = unlike(found[step]!, right, tolerance)
    if (wrong !== undefined) return `of the losses of step ${step}, ${wrong}`
  }
  return undefined
}

/**
 * That every step of a whole run has the losses that it has on the reference, also where the run changes to the reference,
 * or comes from it, half-way.
 */
export const trainingLaws = (reference: Layer.Layer<Backend>, tolerance: Tolerance): ReadonlyArray<BackendLaw> => {
  const there = <A, E>(effect: Effect.Effect<A, E, Backend>) => Effect.provide(effect, reference)
  return Object.entries(tinyRuns).flatMap(([name, make]) => [
    backendLaw(
      "training",
      `${name}: every step of a run has the losses of the reference`,
      Effect.map(beside(reference, whole(make)), ([found, expected]) => apart(found, expected, tolerance))
    ),
    backendLaw(
      "training",
      `${name}: a checkpoint is resumed on another backend, and one of another backend here`,
      Effect.gen(function* () {
        const [mine, theirs] = yield* beside(reference, begun(make))
        const away = yield* there(Effect.scoped(resumed(make, mine)))
        const home = yield* Effect.scoped(resumed(make, theirs))
        return apart([...mine.losses, ...away], [...theirs.losses, ...home], tolerance)
      })
    )
  ])
}
