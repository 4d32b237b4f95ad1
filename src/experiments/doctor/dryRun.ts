import { Context, Effect, Layer } from "effect"
import { Programs, type Step } from "../../core/program/index.ts"
import {
  Backend,
  type CompileOptions,
  checkFeeds,
  type Executable,
  type Feeds,
  type Links,
  type Memory
} from "../../core/service/index.ts"
import { DTypes, Shapes, type Tensor, Tensors } from "../../core/tensor/index.ts"
import { Liveness } from "../../core/transform/index.ts"

type Spec = Pick<Tensor, "shape" | "dtype">

/** Bytes of a run at its highest, by cost reports alone, with floats of 32 bits. */
export interface Counted {
  /** Tensors in memory. */
  readonly residentBytes: number
  /** Feeds, and intermediate results with those that are returned, of the program that runs. */
  readonly liveBytes: number
}

/** What dry runs have come to. */
export class Count extends Context.Service<Count, { readonly highest: Effect.Effect<Counted> }>()(
  "rewardflow/doctor/Count"
) {}

const bytesOf = (specs: ReadonlyArray<Spec>): number =>
  specs.reduce((sum, { shape, dtype }) => sum + Shapes.size(shape) * DTypes.bytes[dtype], 0)

/** A memory of the backend, and the types of what it holds. */
interface Held {
  readonly memory: Memory
  readonly specs: Map<string, Spec>
}

const noting = ({ memory, specs }: Held): Memory => {
  const note = (names: ReadonlyArray<string>, given: (name: string) => Spec) =>
    Effect.sync(() => {
      for (const name of names) specs.set(name, given(name))
    })
  return {
    read: memory.read,
    names: memory.names,
    write: (tensors: Feeds) =>
      Effect.andThen(
        memory.write(tensors),
        note(Object.keys(tensors), (name) => tensors[name]!)
      ),
    link: (links: Links) =>
      Effect.andThen(
        memory.link(links),
        note(Object.keys(links), (name) => ({ shape: links[name]!.shape, dtype: "f32" }))
      ),
    remove: (names) =>
      Effect.andThen(
        memory.remove(names),
        Effect.sync(() => {
          for (const name of names) specs.delete(name)
        })
      )
  }
}

/**
 * The backend at hand, which compiles every step, and so refuses what it has no kernel for or no room in a buffer for,
 * but runs none: results are zeros, and memory keeps what is written to it. A program that decides by what it computes
 * may go another way than in a run.
 */
export const dryRun: Layer.Layer<Backend | Count, never, Backend> = Layer.unwrap(
  Effect.gen(function* () {
    const backend = yield* Backend
    const memories = new Map<Memory, Held>()
    let highest: Counted = { residentBytes: 0, liveBytes: 0 }

    const memory = Effect.acquireRelease(
      Effect.map(backend.memory, (real) => {
        const held: Held = { memory: real, specs: new Map() }
        const made = noting(held)
        memories.set(made, held)
        return made
      }),
      (made) => Effect.sync(() => memories.delete(made))
    )
    const note = (liveBytes: number): void => {
      const residentBytes = bytesOf([...memories.values()].flatMap(({ specs }) => [...specs.values()]))
      if (residentBytes + liveBytes > highest.residentBytes + highest.liveBytes) highest = { residentBytes, liveBytes }
    }

    const compile = (step: Step, { memory: given, ...options }: CompileOptions = {}) =>
      Effect.gen(function* () {
        const real = given === undefined ? undefined : (memories.get(given)?.memory ?? given)
        yield* Effect.scoped(backend.compile(step, real === undefined ? options : { ...options, memory: real }))
        const check = checkFeeds(step)
        const carried = new Set(step.carry.map(({ output }) => output))
        const results = Object.entries(Programs.outputSpecs(step.program)).filter(([name]) => !carried.has(name))
        const peak = Liveness.peakLiveBytes(step.program)
        const run: Executable["run"] = (feeds) =>
          Effect.gen(function* () {
            yield* Effect.fromResult(check(feeds))
            note(bytesOf(Object.values(feeds)) + peak)
            return Object.fromEntries(results.map(([name, spec]) => [name, Tensors.zeros(spec)]))
          })
        return { run }
      })

    return Layer.merge(
      Layer.succeed(Backend, { name: backend.name, memory, compile }),
      Layer.succeed(Count, { highest: Effect.sync(() => highest) })
    )
  })
)
