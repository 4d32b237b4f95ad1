import { Effect, Exit, type Scope, ScopedCache } from "effect"
import { forward, logits, type ModelConfig, parameterSpecs } from "../model/index.ts"
import { paramName } from "../optim/index.ts"
import { gather, input, Programs, Steps } from "../program/index.ts"
import { Backend, type Executable, type Memory, type RunError, type UnsupportedOp } from "../service/index.ts"
import { Tensors } from "../tensor/index.ts"
import { bucket } from "./Batch.ts"

/** Logits of the token after each of some texts, [V] each, in their order. */
export type NextLogits = (
  texts: ReadonlyArray<ReadonlyArray<number>>
) => Effect.Effect<ReadonlyArray<ArrayLike<number>>, RunError | UnsupportedOp>

export interface NextLogitsOptions {
  readonly config: ModelConfig
  /** Holds `param/<name>`, which never change again. */
  readonly memory: Memory
  /** Texts read in one run, 16 by default. */
  readonly rows?: number
}

const stepOf = (config: ModelConfig, rows: number, width: number) => {
  const specs = Object.entries(parameterSpecs(config))
  const params = Object.fromEntries(specs.map(([name, s]) => [name, input(paramName(name), s.shape, s.dtype)]))
  const { hidden } = forward(config, params, input("ids", [rows, width], "i32"))
  const program = Programs.fromExprs({ logits: logits(config, params, gather(hidden, input("ends", [rows], "i32"))) })
  const known = new Set(specs.map(([name]) => paramName(name)))
  const resident = Object.keys(Programs.inputs(program)).filter((name) => known.has(name))
  return Steps.make({ program, resident, carry: [], guard: [] })
}

/** Reads whole texts anew for each token: for draws that something other than the policy has a say in. */
export const nextLogits = Effect.fnUntraced(function* ({
  config,
  memory,
  rows = 16
}: NextLogitsOptions): Effect.fn.Return<NextLogits, never, Backend | Scope.Scope> {
  const backend = yield* Backend
  const executables = yield* ScopedCache.makeWith({
    lookup: (width: number): Effect.Effect<Executable, RunError | UnsupportedOp, Scope.Scope> =>
      Effect.suspend(() => {
        const step = stepOf(config, rows, width)
        return backend.compile(step, { memory, freeze: step.resident })
      }),
    capacity: 4,
    timeToLive: (exit) => (Exit.isSuccess(exit) ? Infinity : 0)
  })
  const V = config.vocab_size
  return Effect.fnUntraced(function* (texts) {
    const found: Array<ArrayLike<number>> = []
    for (let from = 0; from < texts.length; from += rows) {
      const batch = texts.slice(from, from + rows)
      const width = bucket(
        batch.reduce((n, text) => Math.max(n, text.length), 1),
        16
      )
      const ids = new Int32Array(rows * width)
      const ends = new Int32Array(rows)
      for (const [row, text] of batch.entries()) {
        ids.set(text, row * width)
        ends[row] = row * width + text.length - 1
      }
      const executable = yield* ScopedCache.get(executables, width)
      const outputs = yield* executable.run({ ids: Tensors.i32(ids, [rows, width]), ends: Tensors.i32(ends, [rows]) })
      const { data } = outputs["logits"]!
      found.push(...batch.map((_, row) => data.slice(row * V, (row + 1) * V)))
    }
    return found
  })
})
