import { Effect, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { Onnx } from "../../src/backends/onnx/index.ts"
import * as ops from "../../src/core/program/index.ts"
import { Programs, type Step, Steps } from "../../src/core/program/index.ts"
import { Backend } from "../../src/core/service/index.ts"
import { Tensors } from "../../src/core/tensor/index.ts"

const w = ops.input("w", [2, 3])

/** y = 2w; w' = w + 1, in place; the second row of w, written. */
const reading = Steps.make({
  program: Programs.fromExprs({ y: ops.mul(w, 2) }),
  resident: ["w"],
  carry: [],
  guard: []
})
const adding = Steps.make({
  program: Programs.fromExprs({ next: ops.add(w, 1), y: ops.sum(w) }),
  resident: ["w"],
  carry: [Steps.replace("next", "w")],
  guard: []
})
const writing = Steps.make({
  program: Programs.fromExprs({ row: ops.input("row", [1, 3]) }),
  resident: [],
  carry: [Steps.append("row", "w")],
  guard: []
})

describe("frozen tensors of onnx-cpu", () => {
  for (const [how, inlineBytes] of [
    ["part of the model", 24],
    ["too large for the model, and read where it lies", 23]
  ] as const) {
    it(`law: what is ${how} stays while memory is updated in place, appended to and replaced`, () =>
      Effect.gen(function* () {
        const { memory, compile } = yield* Backend
        const held = yield* memory
        const compiled = (step: Step, freeze: ReadonlyArray<string> = []) => compile(step, { memory: held, freeze })
        const write = held.write({ w: Tensors.f32([1, 2, 3, 4, 5, 6], [2, 3]) })
        yield* write
        const frozen = yield* compiled(reading, ["w"])
        const [fresh, add, append] = [yield* compiled(reading), yield* compiled(adding), yield* compiled(writing)]
        const values = (executable: typeof frozen) => Effect.map(executable.run({}), ({ y }) => Array.from(y!.data))
        expect(yield* values(frozen)).toEqual([2, 4, 6, 8, 10, 12])
        yield* append.run({ row: Tensors.f32([7, 8, 9], [1, 3]) }, { at: 1 })
        expect([yield* values(fresh), yield* values(frozen)]).toEqual([
          [2, 4, 6, 14, 16, 18],
          [2, 4, 6, 8, 10, 12]
        ])
        yield* write
        const again = yield* compiled(reading, ["w"])
        yield* add.run({})
        expect([yield* values(fresh), yield* values(again)]).toEqual([
          [4, 6, 8, 10, 12, 14],
          [2, 4, 6, 8, 10, 12]
        ])
        yield* held.remove(["w"])
        expect(yield* values(frozen)).toEqual([2, 4, 6, 8, 10, 12])
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(Onnx.cpuWith({ inlineBytes }))), Effect.runPromise))
  }
})
