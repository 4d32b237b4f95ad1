import { Effect, Layer } from "effect"
import * as ops from "../../../src/core/program/index.ts"
import { type Program, Programs, Steps } from "../../../src/core/program/index.ts"
import { Backend, type BackendFailure, type RunError, type UnsupportedOp } from "../../../src/core/service/index.ts"
import { Tensors } from "../../../src/core/tensor/index.ts"
import { type EngineName, engines } from "./engines.ts"

/** What is said of something that a backend cannot do. */
export interface Said {
  readonly tag: string
  readonly during: BackendFailure["during"] | undefined
  readonly trouble: BackendFailure["trouble"]
  readonly message: string
}

const said = (error: RunError | UnsupportedOp): Said => {
  const failure = error._tag === "BackendFailure" ? error : undefined
  return { tag: error._tag, during: failure?.during, trouble: failure?.trouble, message: error.message }
}

const compiled = (program: Program) => Backend.use((b) => b.compile(Steps.stateless(program)))

const doubled = (shape: ReadonlyArray<number>) =>
  Programs.fromExprs({ y: ops.sum(ops.named("logits", ops.mul(ops.input("x", shape), 2))) })

/** A program with an operation that no backend has. */
const novel = Programs.fromExprs({
  y: ops.apply({ _tag: "Frobnicate" } as never, [ops.input("x", [2])], [2], "f32")
})

/** A program with values of 1 GiB: buffers that software Vulkan allows, and has no room for. */
const wide = Programs.fromExprs({ y: ops.slice(ops.cumSum(ops.expand(ops.input("x", [1]), [2 ** 28]), 0), 0, 0, 1) })

/** What an engine says of a program beyond its buffers, beyond the memory it may take, beyond what there is, and unknown. */
export const troubles = (name: EngineName) => {
  const { layer, within } = engines[name]
  const saying = Effect.gen(function* () {
    const memory = yield* Backend.use((b) => b.memory)
    const cache = { dtype: "f32", shape: [2 ** 20, 2 ** 15], data: { length: 2 ** 35 } as Float32Array } as const
    const step = yield* compiled(wide)
    const small = yield* compiled(doubled([2]))
    return {
      large: said(yield* Effect.flip(compiled(doubled([2 ** 16, 2 ** 16])))),
      written: said(yield* Effect.flip(memory.write({ cache }))),
      unknown: said(yield* Effect.flip(compiled(novel))),
      full: said(yield* Effect.flip(step.run({ x: Tensors.f32([1], [1]) }))),
      after: (yield* small.run({ x: Tensors.f32([1, 2], [2]) }))["y"]!.data[0]
    }
  })
  const scarce = Effect.gen(function* () {
    const x = Tensors.full([5000], 1)
    return said(yield* Effect.flip(Effect.flatMap(compiled(doubled([5000])), ({ run }) => run({ x }))))
  })
  return Effect.runPromise(
    Effect.gen(function* () {
      const found = yield* Effect.provide(Effect.scoped(saying), Layer.fresh(layer))
      return { ...found, scarce: yield* Effect.provide(Effect.scoped(scarce), Layer.fresh(within(4096))) }
    })
  )
}
