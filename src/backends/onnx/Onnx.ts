import { Effect, Layer, Result } from "effect"
import { Programs, type Step } from "../../core/program/index.ts"
import {
  Backend,
  type BackendFailure,
  BadFeed,
  type CompileOptions,
  checkFeeds,
  type Executable,
  type LinkedTensor,
  type Memory,
  type UnsupportedOp
} from "../../core/service/index.ts"
import * as Client from "./engine/Client.ts"
import type { SessionOptions } from "./engine/protocol.ts"
import * as LinkedMemory from "./LinkedMemory.ts"
import { ownedAll } from "./LinkedMemory.ts"
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
  /**
   * Whether frozen weights that lie in a file are copied into the layout of the kernels, once an executable. Off by
   * default: the engine maps them, at no cost in memory or set-up. On, a forward pass took 64% of the time with 8 rows and
   * 83% with 512, for 2 s of set-up and a copy of the weights a program (docs/benchmarks.md).
   */
  readonly packing?: boolean
  /**
   * Most bytes of frozen tensors in memory that each executable has a copy of, packed for the kernels; 2²⁸ by default. What
   * is beyond, the largest first, is read where memory holds it.
   */
  readonly inlineBytes?: number
  /** Path prefix under which ONNX Runtime writes a profile of each executable. */
  readonly profile?: string
}

/** An execution provider of ONNX Runtime, as the backend sees it: its name, and how operations are lowered for it. */
interface Provider {
  readonly name: string
  readonly rules: Rules
  readonly session: SessionOptions
}

const make = ({ name, rules, session }: Provider) =>
  Effect.gen(function* () {
    const client = yield* Client.scoped(name, session.flushDenormals)
    const memories = new WeakMap<Memory, LinkedMemory.LinkedMemory>()
    let count = 0

    const memory = Effect.acquireRelease(
      Effect.sync((): Memory => {
        const held = LinkedMemory.make(client, count++)
        memories.set(held, held)
        return held
      }),
      // A dead engine has freed its memory already.
      (held) => Effect.ignore(client.ask({ _tag: "Drop", memory: memories.get(held)!.id }))
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
        const inputs = Programs.inputs(step.program)
        const specs = Object.fromEntries(freeze.flatMap((n) => (inputs[n] === undefined ? [] : [[n, inputs[n]]])))
        const mapped = known === undefined ? new Map<string, LinkedTensor>() : yield* known.mapped(specs)
        const files = [...new Set([...mapped.values()].map(({ file }) => file))]
        const intact = Effect.forEach(files, (file) => file.check, { discard: true })
        yield* intact
        if (known !== undefined) yield* known.load(freeze.filter((n) => !mapped.has(n)))
        const { model: graph, plan } = yield* Effect.fromResult(planRun(step, { backend: name, rules, frozen }))
        const places = Object.fromEntries([...mapped].map(([n, link]) => [n, LinkedMemory.placeOf(link, specs[n]!)]))
        const executable = count++
        yield* Effect.acquireRelease(
          Effect.suspend(() => {
            const model = encode(graph)
            const memory = known?.id ?? -1
            return client.ask({ _tag: "Compile", executable, memory, model, plan, places, session }, model)
          }),
          () => Effect.ignore(client.ask({ _tag: "Release", executable }))
        )
        const check = checkFeeds(step)
        const changing = new Set([...step.resident.filter((n) => !frozen.has(n)), ...step.carry.map((c) => c.into)])
        const ready = known === undefined ? Effect.void : Effect.andThen(intact, known.load(changing))
        const run: Executable["run"] = (feeds, { at = 0 } = {}) =>
          Effect.gen(function* () {
            yield* Effect.fromResult(check(feeds))
            yield* ready
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
  packing = false,
  inlineBytes = 2 ** 28,
  profile
}: CpuOptions): Layer.Layer<Backend, BackendFailure> =>
  layerOf({
    name: "onnx-cpu",
    rules: cpuRules,
    session: { threads, spinning, flushDenormals, packing, inlineBytes, ...(profile === undefined ? {} : { profile }) }
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
