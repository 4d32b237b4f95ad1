import { Effect, Exit, type Scope, ScopedCache } from "effect"
import type {
  BackendFailure,
  BadFeed,
  Compile,
  Executable,
  Feeds,
  Memory,
  RunError,
  UnsupportedOp
} from "../service/index.ts"
import { Shapes, Tensors } from "../tensor/index.ts"
import type { Form } from "./Form.ts"
import { cacheNames, cacheRow, compactStep, decodeStep, prefillStep, type Target } from "./programs.ts"

/** Which program to run: a structural key. */
export type Plan =
  | {
      readonly _tag: "Prefill"
      readonly form: Form
      readonly B: number
      readonly width: number
      readonly prompts: number
    }
  | { readonly _tag: "Decode"; readonly form: Form; readonly B: number; readonly rows: number; readonly unroll: number }
  | { readonly _tag: "Compact"; readonly B: number; readonly smaller: number; readonly rows: number }

/** The compiled programs and the caches of one sampler. */
export interface Engine {
  /** Runs a program, compiled when it is not kept from before; new cache rows are written from `at` on. */
  readonly run: (plan: Plan, feeds: Feeds, at?: number) => Effect.Effect<Feeds, RunError | UnsupportedOp>
  /** Sees to caches of B rows with room for so many positions. */
  readonly allocate: (B: number, rows: number) => Effect.Effect<void, BackendFailure | BadFeed>
}

/** A prefix of cache names that no other sampler of this memory uses; freed with the scope. */
const claim = Effect.fnUntraced(function* (memory: Memory) {
  const taken = yield* memory.names
  let n = 0
  while (taken.some((name) => name.startsWith(`sampling/${n}/`))) n++
  const prefix = `sampling/${n}`
  yield* memory.write({ [`${prefix}/claim`]: Tensors.i32([0], [1]) })
  yield* Effect.addFinalizer(() =>
    memory.names.pipe(
      Effect.flatMap((names) => memory.remove(names.filter((name) => name.startsWith(`${prefix}/`)))),
      Effect.ignore
    )
  )
  return prefix
})

const stepOf = (target: Target, plan: Plan) => {
  switch (plan._tag) {
    case "Prefill":
      return prefillStep(target, plan.form, plan.B, plan.width, plan.prompts)
    case "Decode":
      return decodeStep(target, plan.form, plan.B, plan.rows, plan.unroll)
    case "Compact":
      return compactStep(target, plan.B, plan.smaller, plan.rows)
  }
}

export interface EngineOptions extends Omit<Target, "caches"> {
  readonly memory: Memory
  /** Most programs kept; the longest unused is released first. */
  readonly programs: number
  /** Compiles a step against this memory. */
  readonly compile: Compile
}

export const make = Effect.fnUntraced(function* (
  options: EngineOptions
): Effect.fn.Return<Engine, BackendFailure | BadFeed, Scope.Scope> {
  const { config, scope, memory, programs, compile } = options
  const target: Target = { config, scope, caches: yield* claim(memory) }
  const allocated = new Map<number, number>()
  const executables = yield* ScopedCache.makeWith({
    lookup: (plan: Plan): Effect.Effect<Executable, UnsupportedOp | BackendFailure | BadFeed, Scope.Scope> =>
      Effect.suspend(() => compile(stepOf(target, plan))),
    capacity: programs,
    // A failure is not remembered: the next call tries again.
    timeToLive: (exit) => (Exit.isSuccess(exit) ? Infinity : 0)
  })
  return {
    run: (plan, feeds, at = 0) =>
      Effect.flatMap(ScopedCache.get(executables, plan), (executable) => executable.run(feeds, { at })),
    allocate: (B, rows) => {
      if ((allocated.get(B) ?? 0) >= rows) return Effect.void
      const shape = [rows, ...cacheRow(target, B)]
      const zeros = () => Tensors.f32(new Float32Array(Shapes.size(shape)), shape)
      const tensors = cacheNames(target, B).flatMap(({ keys, values }) => [
        [keys, zeros()] as const,
        [values, zeros()] as const
      ])
      return Effect.map(memory.write(Object.fromEntries(tensors)), () => {
        allocated.set(B, rows)
      })
    }
  }
})
