import { Result } from "effect"
import { describe, expect, it } from "vitest"
import * as Engine from "../../src/backends/onnx/engine/Engine.ts"
import { cpu } from "../../src/backends/onnx/lower/cpu.ts"
import { encode } from "../../src/backends/onnx/OnnxModel.ts"
import { planRun } from "../../src/backends/onnx/planRun.ts"
import * as ops from "../../src/core/program/index.ts"
import { Programs, type Step, Steps } from "../../src/core/program/index.ts"
import { Tensors } from "../../src/core/tensor/index.ts"

const w = ops.input("w", [2, 3])

/** y = 2w; w' = w + 1, in place; two rows of w, written. */
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
  program: Programs.fromExprs({ rows: ops.input("rows", [1, 3]) }),
  resident: [],
  carry: [Steps.append("rows", "w")],
  guard: []
})

const session = { threads: 1, spinning: false, flushDenormals: false, packing: false }

describe("frozen tensors of the engine", () => {
  for (const [how, limit] of [
    ["written into the model", 24],
    ["too large for the model, and given to each run", 23]
  ] as const) {
    it(`law: what is ${how} stays while memory is updated in place, appended to and replaced`, async () => {
      const engine = Engine.make(limit)
      let count = 0
      const compile = async (step: Step, freeze: ReadonlyArray<string> = []) => {
        const frozen = new Set(freeze)
        const { model, plan } = Result.getOrThrow(planRun(step, { backend: "onnx-cpu", rules: cpu, frozen }))
        const executable = count++
        await engine.handle({ _tag: "Compile", executable, memory: 0, model: encode(model), plan, places: {}, session })
        return async (feeds = {}) => {
          const results = await engine.handle({ _tag: "Run", executable, feeds, at: 1 })
          return results === null || !("y" in results) ? [] : Array.from((results["y"] as typeof start).data)
        }
      }
      const start = Tensors.f32([1, 2, 3, 4, 5, 6], [2, 3])
      const write = () =>
        engine.handle({ _tag: "Write", memory: 0, tensors: { w: { ...start, data: start.data.slice() } } })
      await write()
      const frozen = await compile(reading, ["w"])
      const [fresh, add, append] = [await compile(reading), await compile(adding), await compile(writing)]
      expect(await frozen()).toEqual([2, 4, 6, 8, 10, 12])
      await append({ rows: Tensors.f32([7, 8, 9], [1, 3]) })
      expect([await fresh(), await frozen()]).toEqual([
        [2, 4, 6, 14, 16, 18],
        [2, 4, 6, 8, 10, 12]
      ])
      await write()
      const again = await compile(reading, ["w"])
      await add()
      expect([await fresh(), await again()]).toEqual([
        [4, 6, 8, 10, 12, 14],
        [2, 4, 6, 8, 10, 12]
      ])
      await engine.handle({ _tag: "Remove", memory: 0, names: ["w"] })
      expect(await frozen()).toEqual([2, 4, 6, 8, 10, 12])
      for (let executable = 0; executable < count; executable++) await engine.handle({ _tag: "Release", executable })
    })
  }
})
