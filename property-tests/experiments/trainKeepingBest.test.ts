import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { Params, PolicyStage } from "../../src/core/learner/index.ts"
import { Tensors } from "../../src/core/tensor/index.ts"
import { keepingBest } from "../../src/experiments/train/index.ts"

/** A stage whose policy is the number of steps it has made. */
const counting = (): PolicyStage => {
  let made = 0
  const policy = (): Params => ({ w: Tensors.f32([made], [1]) })
  return {
    name: "counting",
    steps: 4,
    checkpointEvery: 1,
    start: Effect.sync(() => {
      made = 0
    }),
    step: (index) =>
      Effect.sync(() => {
        made = index + 1
        return { loss: made }
      }),
    save: Effect.sync(() => ({ tensors: policy(), state: null })),
    restore: ({ tensors }) =>
      Effect.sync(() => {
        made = tensors["w"]!.data[0]!
      }),
    result: Effect.sync(policy)
  }
}

/** The second look is the best. */
const values = [1, 5, 5, 2]
const watched = (keep: "best" | "last") =>
  keepingBest(counting(), {
    every: 1,
    keep,
    look: (_, steps) => Effect.succeed({ metrics: { looked: steps }, value: values[steps - 1]! })
  })

const keptBy = (keep: "best" | "last", restoredAfter?: number) =>
  Effect.runPromise(
    Effect.gen(function* () {
      let stage = watched(keep)
      yield* stage.start
      for (let step = 0; step < stage.steps; step++) {
        if (step === restoredAfter) {
          const snapshot = yield* stage.save
          stage = watched(keep)
          yield* stage.restore(snapshot)
        }
        expect(yield* stage.step(step)).toEqual({ loss: step + 1, looked: step + 1 })
      }
      return (yield* stage.result)["w"]!.data[0]
    })
  )

describe("keepingBest", () => {
  it("golden: the result is the policy of the best look, the earliest of equals, or the last policy", async () => {
    expect(await keptBy("best")).toBe(2)
    expect(await keptBy("last")).toBe(4)
  })

  it("law: a restored stage keeps what the stage that went on would", async () => {
    for (const restoredAfter of [1, 2, 3]) {
      expect(await keptBy("best", restoredAfter)).toBe(2)
      expect(await keptBy("last", restoredAfter)).toBe(4)
    }
  })
})
