import { expect, layer as suite } from "@effect/vitest"
import { Effect, Exit, Fiber, type Layer } from "effect"
import * as fc from "fast-check"
import { Tfjs } from "../../src/backends/tfjs/index.ts"
import { anyProgram } from "../../src/core/laws/program/index.ts"
import * as ops from "../../src/core/program/index.ts"
import { Programs, type Step, Steps } from "../../src/core/program/index.ts"
import { Backend, type Feeds } from "../../src/core/service/index.ts"
import { Tensors } from "../../src/core/tensor/index.ts"

const held = Tfjs.tensorsHeld

const compile = (step: Step, memory: Feeds = {}) =>
  Effect.gen(function* () {
    const backend = yield* Backend
    const kept = yield* backend.memory
    yield* kept.write(memory)
    return yield* backend.compile(step, { memory: kept })
  })

/** w' = w + 1, with rows of w by computed ids, and a loss that is as finite as x. */
const training = Steps.make({
  program: (() => {
    const [w, x] = [ops.input("w", [3, 2]), ops.input("x", [2])]
    const ids = ops.cast(x, "i32")
    const rows = ops.gather(w, ids)
    return Programs.fromExprs({ next: ops.add(w, 1), row: ops.softmax(rows), loss: ops.sum(ops.exp(x)) })
  })(),
  resident: ["w"],
  carry: [Steps.replace("next", "w"), Steps.append("row", "cache")],
  guard: ["loss"]
})

const start: Feeds = { w: Tensors.full([3, 2], 1), cache: Tensors.full([4, 2], 0) }
const x = (...values: ReadonlyArray<number>) => ({ x: Tensors.f32(values, [2]) })

/** Long enough to be interrupted: products one after another. */
const long = Steps.stateless(
  Programs.fromExprs({
    y: Array.from({ length: 60 }).reduce<ops.Expr>(
      (y) => ops.tanh(ops.matMul(y, y)),
      ops.mul(ops.input("x", [128, 128]), 0.01)
    )
  })
)

/** Holds a backend of TensorFlow.js to leaving no tensor behind. */
export const tensorLaws = <E>(name: string, layer: Layer.Layer<Backend, E>): void =>
  suite(layer, { excludeTestServices: true })(`tensors: ${name}`, (it) => {
    it.effect("law: a scope leaves no tensor behind, whatever its program was", () =>
      Effect.gen(function* () {
        const context = yield* Effect.context<Backend>()
        const before = yield* held
        const holds = async ({ program, feeds }: { readonly program: ops.Program; readonly feeds: Feeds }) => {
          const once = Effect.scoped(
            Effect.flatMap(compile(Steps.stateless(program)), (step) => Effect.exit(step.run(feeds)))
          )
          await Effect.runPromiseWith(context)(once)
          expect(await Effect.runPromiseWith(context)(held)).toBe(before)
        }
        const property = fc.asyncProperty(anyProgram("continuous"), holds)
        yield* Effect.promise(() => fc.assert(property, { seed: 42, numRuns: 60 }))
      })
    )

    it.effect("law: runs add no tensor, also those that fail", () =>
      Effect.gen(function* () {
        const step = yield* compile(training, start)
        yield* step.run(x(0, 1))
        const before = yield* held
        const ends = [
          yield* Effect.exit(step.run(x(1, 2))),
          yield* Effect.exit(step.run(x(0, Number.POSITIVE_INFINITY))),
          yield* Effect.exit(step.run(x(0, 7))),
          yield* Effect.exit(step.run(x(0, 1), { at: 4 })),
          yield* Effect.exit(step.run(x(2, 1), { at: 2 }))
        ]
        expect(ends.map(Exit.isSuccess)).toEqual([true, false, false, false, true])
        expect(yield* held).toBe(before)
      }).pipe(Effect.scoped)
    )

    it.effect("law: an interrupted run leaves no tensor behind, and the next one works", () =>
      Effect.gen(function* () {
        const step = yield* compile(long)
        const feeds = { x: Tensors.full([128, 128], 1) }
        const before = yield* held
        const running = yield* Effect.forkChild(step.run(feeds))
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 1)))
        yield* Fiber.interrupt(running)
        expect(yield* held).toBe(before)
        expect((yield* step.run(feeds))["y"]!.shape).toEqual([128, 128])
        expect(yield* held).toBe(before)
      }).pipe(Effect.scoped)
    )
  })

/** The losses of five runs of a step that carries, on a backend that nobody else uses. */
export const losses = (layer: Layer.Layer<Backend, unknown>): Promise<ReadonlyArray<ReadonlyArray<number>>> =>
  Effect.gen(function* () {
    const step = yield* compile(training, start)
    const results: Array<Feeds> = []
    for (let i = 0; i < 5; i++) results.push(yield* step.run(x(i % 3, 1)))
    return results.map((r) => Array.from(r["loss"]!.data))
  }).pipe(Effect.scoped, Effect.provide(layer, { local: true }), Effect.runPromise)
