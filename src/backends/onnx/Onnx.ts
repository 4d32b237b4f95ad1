import { Effect, Layer, Result } from "effect"
import type { Step } from "../../core/program/index.ts"
import {
  Backend,
  type BackendFailure,
  BadFeed,
  type CompileOptions,
  checkFeeds,
  type Executable,
  type Feeds,
  type Memory,
  type UnsupportedOp
} from "../../core/service/index.ts"
import type { Tensor } from "../../core/tensor/index.ts"
import * as Client from "./engine/Client.ts"
import type { SessionOptions, Tensors } from "./engine/protocol.ts"
import { cpu as cpuRules } from "./lower/cpu.ts"
import type { Rules } from "./lower/Plan.ts"
import { encode } from "./OnnxModel.ts"
import { planRun } from "./planRun.ts"

/** How ONNX Runtime runs on the CPU; no setting but `flushDenormals` changes a result. */
export interface CpuOptions {
  /** Threads of one run, one a core by default. */
  readonly threads?: number
  /** Whether waiting threads spin, which is faster unless other processes need the cores. On by default. */
  readonly spinning?: boolean
  /** Whether floats below 1.2e-38 count as zero, which saves up to 15% of a training step. On by default. */
  readonly flushDenormals?: boolean
  /** Path prefix under which ONNX Runtime writes a profile of each executable. */
  readonly profile?: string
}

/** An execution provider of ONNX Runtime, as the backend sees it: its name, and how operations are lowered for it. */
interface Provider {
  readonly name: string
  readonly rules: Rules
  readonly session: SessionOptions
}

/** The tensor as the engine holds it, in a buffer that can leave this thread. */
const owned = (t: Tensor): Tensor =>
  t.data instanceof Float64Array
    ? { dtype: "f32", shape: t.shape, data: Float32Array.from(t.data) }
    : ({ ...t, data: t.data.slice() } as Tensor)

const ownedAll = (tensors: Feeds): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, owned(t)]))

const make = ({ name, rules, session }: Provider) =>
  Effect.gen(function* () {
    const client = yield* Client.scoped(name, session.flushDenormals)
    const memories = new WeakMap<Memory, number>()
    let count = 0

    const memory = Effect.acquireRelease(
      Effect.sync((): Memory => {
        const memory = count++
        const held: Memory = {
          write: (given) =>
            Effect.suspend(() => {
              const tensors = ownedAll(given)
              return Effect.asVoid(client.ask({ _tag: "Write", memory, tensors }, tensors))
            }),
          read: (names) => client.ask({ _tag: "Read", memory, names }),
          remove: (names) => Effect.asVoid(client.ask({ _tag: "Remove", memory, names })),
          names: client.ask({ _tag: "Names", memory })
        }
        memories.set(held, memory)
        return held
      }),
      // A dead engine has freed its memory already.
      (held) => Effect.ignore(client.ask({ _tag: "Drop", memory: memories.get(held)! }))
    )

    const compile = (step: Step, { memory, freeze = [] }: CompileOptions = {}) =>
      Effect.gen(function* () {
        const frozen = new Set(freeze)
        const stray = freeze.find((n) => !step.resident.includes(n))
        if (stray !== undefined) return yield* new BadFeed({ name: stray, reason: "is frozen but not resident." })
        const known = memory === undefined ? undefined : memories.get(memory)
        if (known === undefined && (memory !== undefined || step.resident.length + step.carry.length > 0)) {
          const name = step.resident[0] ?? step.carry[0]?.into ?? "memory"
          const reason =
            memory === undefined
              ? "lives in memory; compile the step with one."
              : "lives in the memory of another backend; use one that this backend made."
          return yield* new BadFeed({ name, reason })
        }
        const { model: graph, plan } = yield* Effect.fromResult(planRun(step, { backend: name, rules, frozen }))
        const executable = count++
        yield* Effect.acquireRelease(
          Effect.suspend(() => {
            const model = encode(graph)
            return client.ask({ _tag: "Compile", executable, memory: known ?? -1, model, plan, session }, model)
          }),
          () => Effect.ignore(client.ask({ _tag: "Release", executable }))
        )
        const check = checkFeeds(step)
        const run: Executable["run"] = (feeds, { at = 0 } = {}) =>
          Effect.gen(function* () {
            yield* Effect.fromResult(check(feeds))
            const tensors = ownedAll(feeds)
            return yield* client.ask({ _tag: "Run", executable, feeds: tensors, at }, tensors)
          })
        return { run }
      })

    return { name, memory, compile }
  })

const layerOf = (provider: Provider): Layer.Layer<Backend, BackendFailure> => Layer.effect(Backend, make(provider))

/** ONNX Runtime on the CPU with the given settings. */
export const cpuWith = ({
  threads = 0,
  spinning = true,
  flushDenormals = true,
  profile
}: CpuOptions): Layer.Layer<Backend, BackendFailure> =>
  layerOf({
    name: "onnx-cpu",
    rules: cpuRules,
    session: { threads, spinning, flushDenormals, ...(profile === undefined ? {} : { profile }) }
  })

/** ONNX Runtime on the CPU, the embedded default: on a thread of its own, with one compute thread a core. */
export const cpu: Layer.Layer<Backend, BackendFailure> = cpuWith({})

/**
 * The ONNX operators that a step becomes on the CPU, in the order of the model. Elementwise updates of memory are
 * not among them: they run as kernels of their own after the model.
 */
export const operators = (step: Step): Result.Result<ReadonlyArray<string>, UnsupportedOp> =>
  Result.map(planRun(step, { backend: "onnx-cpu", rules: cpuRules, frozen: new Set() }), ({ model }) =>
    model.nodes.map((n) => n.opType)
  )
