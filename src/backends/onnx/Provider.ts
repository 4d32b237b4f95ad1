import { Effect, Layer, type Scope } from "effect"
import { Programs, type Step } from "../../core/program/index.ts"
import {
  Backend,
  type BackendFailure,
  type CompileOptions,
  checkFeeds,
  type Executable,
  type LinkedTensor,
  type Memory,
  refuseState
} from "../../core/service/index.ts"
import {
  type Absence,
  absent,
  probe,
  probeFeeds,
  type Room,
  tooLarge,
  tooLargeToWrite,
  withPrediction
} from "./deviceErrors.ts"
import type { Client } from "./engine/Client.ts"
import type { SessionOptions } from "./engine/protocol.ts"
import * as LinkedMemory from "./LinkedMemory.ts"
import { ownedAll } from "./LinkedMemory.ts"
import { encode } from "./OnnxModel.ts"
import { planRun, type Target } from "./planRun.ts"

/** A device, as the backend sees it. */
export interface Device extends Room {
  /** What there has to be for one to be found, said where none is. */
  readonly needs: Absence
}

/** An execution provider of ONNX Runtime: how operations are lowered for it, and how sessions are made. */
export interface Provider {
  readonly target: Target
  readonly session: SessionOptions
  /** Whether the engine can map files. */
  readonly maps: boolean
  /** What a device is, where one computes. */
  readonly device?: Device
}

// Over all backends of the process, since several may share one engine.
let count = 0

const make = (
  { target, session, maps, device }: Provider,
  engine: Effect.Effect<Client, BackendFailure, Scope.Scope>
) =>
  Effect.gen(function* () {
    const client = yield* engine
    const memories = new WeakMap<Memory, LinkedMemory.LinkedMemory>()

    const memory = Effect.acquireRelease(
      Effect.sync((): Memory => {
        const held = LinkedMemory.make(client, count++, (tensors) =>
          tooLargeToWrite(target.name, tensors, device ?? {})
        )
        memories.set(held, held)
        return held
      }),
      // A dead engine has freed its memory already.
      (held) => Effect.ignore(client.ask({ _tag: "Drop", memory: memories.get(held)!.id }))
    )

    const compile = (step: Step, options: CompileOptions = {}) =>
      Effect.gen(function* () {
        const { memory, freeze = [] } = options
        const frozen = new Set(freeze)
        const known = memory === undefined ? undefined : memories.get(memory)
        const bad = refuseState(step, options, known !== undefined)
        if (bad !== undefined) return yield* bad
        const inputs = Programs.inputs(step.program)
        const specs = Object.fromEntries(freeze.map((n) => [n, inputs[n]!]))
        const mapped = known === undefined || !maps ? new Map<string, LinkedTensor>() : yield* known.mapped(specs)
        const files = [...new Set([...mapped.values()].map(({ file }) => file))]
        const intact = Effect.forEach(files, (file) => file.check, { discard: true })
        yield* intact
        if (known !== undefined) yield* known.load(freeze.filter((n) => !mapped.has(n)))
        const { model: graph, plan } = yield* Effect.fromResult(planRun(step, target, frozen))
        const places = Object.fromEntries([...mapped].map(([n, link]) => [n, LinkedMemory.placeOf(link, specs[n]!)]))
        const large = tooLarge(target.name, step, device ?? {})
        if (large !== undefined) return yield* large
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
          }).pipe(Effect.mapError(withPrediction(step)))
        return { run }
      })

    if (device !== undefined) {
      const asked = Effect.flatMap(compile(probe), ({ run }) => run(probeFeeds))
      yield* Effect.mapError(Effect.scoped(asked), absent(target.name, device.needs))
    }

    return { name: target.name, memory, compile }
  })

/** The backend that computes with a provider, on an engine that lives as long as the layer. */
export const layer = (
  provider: Provider,
  engine: Effect.Effect<Client, BackendFailure, Scope.Scope>
): Layer.Layer<Backend, BackendFailure> => Layer.effect(Backend, make(provider, engine))
