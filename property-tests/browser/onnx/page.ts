import { Effect, Layer, Result } from "effect"
import { env } from "onnxruntime-web/webgpu"
import { OnnxWeb } from "../../../src/backends/onnx/web/index.ts"
import * as ops from "../../../src/core/program/index.ts"
import { Programs, Steps } from "../../../src/core/program/index.ts"
import { Backend, type BackendFailure } from "../../../src/core/service/index.ts"
import { type Tensor, Tensors } from "../../../src/core/tensor/index.ts"

const next = ops.add(ops.input("w", [2]), ops.input("by", [2]))

/** w' = w + by; the sum of w' is returned, and written to a row of the log. */
const step = Steps.make({
  program: Programs.fromExprs({ next, total: ops.sum(next), row: ops.reshape(ops.sum(next), [1, 1]) }),
  resident: ["w"],
  carry: [Steps.replace("next", "w"), Steps.append("row", "log")],
  guard: ["total"]
})

/** Totals of steps from one number to another, memory after the last, and how it ended. */
const steps = (
  from: number,
  to: number,
  start: Readonly<Record<string, Tensor>>,
  before: (at: number) => Promise<void>
) =>
  Effect.gen(function* () {
    const backend = yield* Backend
    const memory = yield* backend.memory
    yield* memory.write(start)
    const executable = yield* backend.compile(step, { memory })
    const totals: Array<number> = []
    let saved = start
    for (let at = from; at < to; at++) {
      yield* Effect.promise(() => before(at))
      const done = yield* Effect.result(executable.run({ by: Tensors.f32([1, 2], [2]) }, { at }))
      if (Result.isFailure(done)) return { totals, saved, trouble: (done.failure as BackendFailure).trouble?._tag }
      totals.push(done.success["total"]!.data[0]!)
      saved = yield* memory.read(["w", "log"])
    }
    return { totals, saved, log: Array.from(saved["log"]!.data) }
  })

const start = { w: Tensors.f32([0, 0], [2]), log: Tensors.f32([0, 0, 0, 0], [4, 1]) }

const on = (layer: Layer.Layer<Backend, BackendFailure>, told: ReturnType<typeof steps>) =>
  Effect.runPromise(
    Effect.scoped(Effect.provide(told, Layer.fresh(layer))).pipe(
      Effect.matchEffect({
        onSuccess: (found) => Effect.succeed(found),
        onFailure: (failure) =>
          Effect.succeed({
            totals: [],
            saved: start,
            trouble: "trouble" in failure ? failure.trouble?._tag : failure._tag
          })
      })
    )
  )

const nothing = () => Promise.resolve()

/** What the page's backends come to: each alone, and a run that loses its device and goes on without. */
const tell = async () => {
  const wasm = await on(OnnxWeb.wasm, steps(0, 4, start, nothing))
  const webgpu = await on(OnnxWeb.webgpu, steps(0, 4, start, nothing))
  if (webgpu.trouble !== undefined) return { wasm, webgpu }
  const lost = await on(
    OnnxWeb.webgpu,
    steps(0, 4, start, async (at) => {
      if (at === 2) ((await env.webgpu.device) as { readonly destroy: () => void }).destroy()
    })
  )
  const again = await on(OnnxWeb.webgpu, steps(0, 1, start, nothing))
  return { wasm, webgpu, lost, again, resumed: await on(OnnxWeb.wasm, steps(2, 4, lost.saved, nothing)) }
}

Reflect.set(globalThis, "told", tell())
