import { Effect, type Layer } from "effect"
import type { Metrics } from "../../run/index.ts"
import type { Backend } from "../../service/index.ts"
import { type BackendLaw, backendLaw } from "./BackendLaw.ts"
import { beside } from "./beside.ts"
import { type Tolerance, unlike } from "./Tolerance.ts"
import { tinyRuns } from "./tinyRuns.ts"

/** Losses of a step: of the policy, of the critic, on held-out data. */
const isLoss = (name: string): boolean => /(?:^|\/)loss$/u.test(name)

const losses = (metrics: Metrics): ReadonlyArray<number> =>
  Object.entries(metrics).flatMap(([name, value]) => (isLoss(name) && value !== null ? [value] : []))

/** That every step of a whole run has the losses that it has on the reference. */
export const trainingLaws = (reference: Layer.Layer<Backend>, tolerance: Tolerance): ReadonlyArray<BackendLaw> =>
  Object.entries(tinyRuns).map(([name, make]) =>
    backendLaw(
      "training",
      `${name}: every step of a run has the losses of the reference`,
      Effect.gen(function* () {
        const run = Effect.gen(function* () {
          const stage = yield* make
          yield* stage.start
          return yield* Effect.forEach(Array.from({ length: stage.steps }), (_, i) => Effect.map(stage.step(i), losses))
        })
        const [found, expected] = yield* beside(reference, run)
        for (const [step, right] of expected.entries()) {
          const wrong = unlike(found[step]!, right, tolerance)
          if (wrong !== undefined) return `of the losses of step ${step}, ${wrong}`
        }
        return undefined
      })
    )
  )
