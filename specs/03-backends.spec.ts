import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { layer } from "../src/backends/reference/index.ts"
import * as ops from "../src/core/program/index.ts"
import { Programs, Steps } from "../src/core/program/index.ts"
import { Backend } from "../src/core/service/index.ts"
import { Tensors } from "../src/core/tensor/index.ts"
import { grad } from "../src/core/transform/index.ts"

const w = ops.input("w", [1])
const velocity = ops.input("velocity", [1])
const error = ops.sub(w, 3)
const [slope] = grad(ops.mul(error, error), [w])
const nextVelocity = ops.add(ops.mul(velocity, 0.5), slope!)

/** One step of gradient descent with momentum on (w - 3)², its loss guarded. */
const descent = Steps.make({
  program: Programs.fromExprs({
    loss: ops.mul(error, error),
    "next w": ops.sub(w, ops.mul(nextVelocity, 0.25)),
    "next velocity": nextVelocity
  }),
  resident: ["w", "velocity"],
  carry: [Steps.replace("next w", "w"), Steps.replace("next velocity", "velocity")],
  guard: ["loss"]
})

const start = { w: Tensors.f64([1], [1]), velocity: Tensors.f64([0], [1]) }

describe("a training step", () => {
  it.effect("golden: three steps of momentum on (w - 3)² by hand", () =>
    Effect.gen(function* () {
      const backend = yield* Backend
      const memory = yield* backend.memory
      yield* memory.write(start)
      const step = yield* backend.compile(descent, { memory })
      const seen: Array<ReadonlyArray<number>> = []
      for (let i = 0; i < 3; i++) {
        const { loss } = yield* step.run({})
        const state = yield* memory.read(["w", "velocity"])
        seen.push([loss!.data[0]!, state["velocity"]!.data[0]!, state["w"]!.data[0]!])
      }
      // v' = v/2 + 2 (w - 3), w' = w - v'/4.
      expect(seen).toEqual([
        [4, -4, 2],
        [1, -4, 3],
        [0, -2, 3.5]
      ])
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("golden: a step that would carry NaN says so, and the next one goes on from where it was", () =>
    Effect.gen(function* () {
      const backend = yield* Backend
      const memory = yield* backend.memory
      yield* memory.write({ ...start, w: Tensors.f64([NaN], [1]) })
      const step = yield* backend.compile(descent, { memory })
      const stopped = yield* Effect.flip(step.run({}))
      expect(stopped.message).toBe(
        'Output "loss" is NaN; the step was not applied. Lower the learning rate, or look at the data of this batch.'
      )
      expect((yield* memory.read(["velocity"]))["velocity"]!.data[0]).toBe(0)
      yield* memory.write(start)
      expect((yield* step.run({}))["loss"]!.data[0]).toBe(4)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )
})

describe("messages", () => {
  it.effect("error: a feed that does not fit says what it is and what the program needs", () =>
    Effect.gen(function* () {
      const program = Programs.fromExprs({ y: ops.gather(ops.input("table", [2, 1]), ops.input("ids", [2], "i32")) })
      const compiled = yield* Backend.use((b) => b.compile(Steps.stateless(program)))
      const table = Tensors.f64([1, 2], [2, 1])
      const message = (feeds: Parameters<typeof compiled.run>[0]) =>
        Effect.map(Effect.flip(compiled.run(feeds)), (e) => e.message)
      expect(yield* message({ table })).toBe('Feed "ids": it is missing; the program needs i32[2].')
      expect(yield* message({ table, ids: Tensors.i32([0], [1]) })).toBe(
        'Feed "ids": it is i32[1], the program needs i32[2].'
      )
      expect(yield* message({ table, ids: Tensors.i32([0, 2], [2]) })).toBe(
        "reference failed to run: Gather: id 2 is outside 0..1. Check that the ids and the table belong together."
      )
    }).pipe(Effect.scoped, Effect.provide(layer))
  )
})
