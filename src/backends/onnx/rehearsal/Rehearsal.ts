import { Context, Effect, Layer, Result } from "effect"
import { Programs, type Step } from "../../../core/program/index.ts"
import {
  Backend,
  BadFeed,
  type CompileOptions,
  checkFeeds,
  type Executable,
  type Feeds,
  type Memory
} from "../../../core/service/index.ts"
import { type Tensor, Tensors } from "../../../core/tensor/index.ts"
import { planRun } from "../planRun.ts"
import { onProcessor } from "../targets.ts"
import { footprint } from "./footprint.ts"
import * as Ledger from "./Ledger.ts"

/** What a rehearsal has come to. */
export class Rehearsed extends Context.Service<
  Rehearsed,
  {
    /** The parts of the highest sum of bytes so far. */
    readonly highest: Effect.Effect<Ledger.Usage>
  }
>()("rewardflow/onnx/Rehearsed") {}

/** Of the engine's threads and library, and of the heap in which programs are built; measured on Linux, x64. */
const ENGINE_BYTES = 110 * 2 ** 20

/** What a rehearsal came to, with the engine itself. */
export interface Usage extends Ledger.Usage {
  readonly engineBytes: number
}

/** The parts of the highest sum so far. */
export const usage: Effect.Effect<Usage, never, Rehearsed> = Rehearsed.use(({ highest }) =>
  Effect.map(highest, (parts) => ({ ...parts, engineBytes: ENGINE_BYTES }))
)

/** Bytes that the process would take at its highest beyond what it took before. */
export const peakBytes = (parts: Usage): number => parts.engineBytes + Ledger.total(parts)

type Spec = Pick<Tensor, "shape" | "dtype">

const fresh = (specs: Readonly<Record<string, Spec>>): Feeds =>
  Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, Tensors.zeros(spec)]))

const make = Effect.sync(() => {
  const target = onProcessor("onnx-cpu")
  const ledger = Ledger.make()
  const held = new WeakMap<
    Memory,
    { readonly id: number; readonly specs: Map<string, Spec>; readonly linked: Set<string> }
  >()
  let count = 0

  const memory = Effect.acquireRelease(
    Effect.sync((): Memory => {
      const id = count++
      const specs = new Map<string, Spec>()
      const linked = new Set<string>()
      const take = (given: Readonly<Record<string, Spec>>) =>
        Effect.sync(() => {
          for (const [key, { shape, dtype }] of Object.entries(given)) specs.set(key, { shape, dtype })
          ledger.write(id, given)
        })
      const made: Memory = {
        write: (tensors) =>
          Effect.suspend(() => {
            for (const key of Object.keys(tensors)) linked.delete(key)
            return take(tensors)
          }),
        // The system may drop the pages of a file, and reads them again: they count as if they were read once.
        link: (links) =>
          Effect.suspend(() => {
            for (const key of Object.keys(links)) linked.add(key)
            return take(
              Object.fromEntries(Object.entries(links).map(([key, { shape }]) => [key, { shape, dtype: "f32" }]))
            )
          }),
        read: (names) =>
          Effect.suspend(() => {
            const missing = names.find((key) => !specs.has(key))
            return missing === undefined
              ? Effect.succeed(fresh(Object.fromEntries(names.map((key) => [key, specs.get(key)!]))))
              : Effect.fail(new BadFeed({ name: missing, reason: "memory does not hold it." }))
          }),
        remove: (names) =>
          Effect.sync(() => {
            for (const key of names) specs.delete(key)
            ledger.remove(id, names)
          }),
        names: Effect.sync(() => [...specs.keys()].sort())
      }
      held.set(made, { id, specs, linked })
      return made
    }),
    (made) => Effect.sync(() => ledger.drop(held.get(made)!.id))
  )

  const compile = (step: Step, { memory, freeze = [] }: CompileOptions = {}) =>
    Effect.gen(function* () {
      const frozen = new Set(freeze)
      // Refuses what the engine has no kernel for, as compiling does.
      yield* Effect.fromResult(Result.map(planRun(step, target, frozen), () => undefined))
      const executable = count++
      const linked = memory === undefined ? undefined : held.get(memory)?.linked
      const inMemory = new Set(freeze.filter((key) => linked?.has(key) !== true))
      yield* Effect.acquireRelease(
        Effect.sync(() => ledger.compiled(executable, footprint(step, inMemory))),
        () => Effect.sync(() => ledger.released(executable))
      )
      const check = checkFeeds(step)
      const carried = new Set(step.carry.map(({ output }) => output))
      const results = Object.fromEntries(
        Object.entries(Programs.outputSpecs(step.program)).filter(([key]) => !carried.has(key))
      )
      const run: Executable["run"] = (feeds) =>
        Effect.gen(function* () {
          yield* Effect.fromResult(check(feeds))
          ledger.ran(
            executable,
            Object.values(feeds).reduce((sum, t) => sum + Ledger.bytesOf(t), 0)
          )
          return fresh(results)
        })
      return { run }
    })

  const backend: Backend["Service"] = { name: target.name, memory, compile }
  return Layer.merge(
    Layer.succeed(Backend, backend),
    Layer.succeed(Rehearsed, { highest: Effect.sync(ledger.highest) })
  )
})

/**
 * The `onnx` backend on the CPU as far as memory goes: it compiles what the backend would, runs nothing, answers with
 * zeros, and keeps account of what the engine would hold. A program that decides by what it computes may go another way
 * than it would.
 */
export const rehearsal: Layer.Layer<Backend | Rehearsed> = Layer.unwrap(make)
