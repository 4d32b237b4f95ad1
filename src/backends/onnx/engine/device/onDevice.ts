import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-common"
import { Shapes, type Tensor } from "../../../../core/tensor/index.ts"
import { withAdditions } from "../../OnnxModel.ts"
import type { Keeper } from "../Engine.ts"
import { bindFrozen } from "../frozen.ts"
import { checkAppend, copy, resident } from "../Memory.ts"
import { checkGuard, checkIds, fetches } from "../plans.ts"
import type { Port, Request } from "../protocol.ts"
import { fromOrt, type Runtime, toOrt } from "../Runtime.ts"
import { carried, staying } from "./carry.ts"
import * as Held from "./Held.ts"
import * as Movements from "./movements.ts"

type Memory = Map<string, Held.Held>

/** Frozen tensors that each run is given, on the device where they can be, by their name in the model. */
const pin = async (
  runtime: Runtime,
  movements: Movements.Movements,
  ports: ReturnType<typeof bindFrozen>["inputs"]
) => {
  const kept: Array<Held.Held> = []
  const inputs: Record<string, OrtTensor> = {}
  for (const { port, t } of ports) {
    if (port.bytes !== undefined || !Held.movable(t)) inputs[port.value] = toOrt(runtime, port, t)
    else {
      const device = await movements.upload(t)
      kept.push(Held.make(t, { device }))
      inputs[port.value] = device
    }
  }
  return { kept, inputs }
}

/**
 * Memory on the device that computes. A tensor goes there when a run first reads it, and what a run carries never leaves:
 * per run only feeds and results travel.
 *
 * @param options of the sessions that move tensors
 */
export const onDevice = (runtime: Runtime, options: InferenceSession.SessionOptions): Keeper<Held.Held> => {
  const movements = Movements.make(runtime, options)

  /** A resident input as a session takes it; `made` takes what is of no use after the run. */
  const input = async (memory: Memory, port: Port, made: Array<OrtTensor>): Promise<OrtTensor> => {
    const held = resident(memory, port)
    // A part without elements has no place on the device.
    const nothing = Shapes.size(port.shape) === 0
    if (port.bytes !== undefined || nothing || !Held.movable(held)) {
      const { data } = await Held.read(movements, held)
      return toOrt(runtime, port, { ...port, data: data.slice(0, Shapes.size(port.shape)) } as Tensor)
    }
    const t = await Held.onto(movements, held)
    if (Shapes.equal(held.shape, port.shape)) return t
    const first = await movements.head(t, port.shape[0]!)
    made.push(first)
    return first
  }

  const compile = async (
    memory: Memory,
    { model, plan, places, session }: Extract<Request, { _tag: "Compile" }>
  ): ReturnType<Keeper<Held.Held>["compile"]> => {
    const present = new Map<string, Tensor>()
    for (const { name } of plan.frozen) {
      const held = memory.get(name)
      if (held !== undefined && places[name] === undefined) present.set(name, await Held.read(movements, held))
    }
    const bound = bindFrozen([present, new WeakSet()], plan.frozen, { places, limit: session.inlineBytes })
    const bytes = plan.frozen.length === 0 ? model : withAdditions(model, bound.additions)
    const stays = staying(plan)
    const wanted = fetches(plan)
    const compiled = await runtime.InferenceSession.create(bytes, {
      ...(bound.additions.external.length > 0 ? session.mapping : session.options),
      preferredOutputLocation: Object.fromEntries(wanted.map((v) => [v, stays.has(v) ? "gpu-buffer" : "cpu"]))
    })
    const frozen = await pin(runtime, movements, bound.inputs)

    const run = async (feeds: Readonly<Record<string, Tensor>>, at: number, made: Array<OrtTensor>) => {
      const inputs: Record<string, OrtTensor> = { ...frozen.inputs }
      for (const port of plan.resident) inputs[port.value] = await input(memory, port, made)
      for (const port of plan.fed) if (port.value !== "") inputs[port.value] = toOrt(runtime, port, feeds[port.name]!)
      const results = await compiled.run(inputs, wanted)
      made.push(...[...stays].map((value) => results[value] as OrtTensor))
      checkGuard(plan, results)
      const next = await carried(movements, memory, { plan, stays, results, at }, made)
      for (const [name, held] of next) {
        const old = memory.get(name)
        memory.set(name, held)
        if (old !== undefined) Held.free(old)
      }
      const returned = plan.returned.map((port) => [port.name, copy(fromOrt(port, results[port.value] as OrtTensor))])
      return { returned: Object.fromEntries(returned) as Readonly<Record<string, Tensor>>, next }
    }

    return {
      release: async () => {
        for (const held of frozen.kept) Held.free(held)
        await compiled.release()
      },
      run: async (feeds, at) => {
        for (const { kind, output, into } of plan.carry)
          if (kind === "Append") checkAppend(memory.get(into), into, [output, at])
        checkIds(plan, feeds)
        const made: Array<OrtTensor> = []
        const owned = new Set<OrtTensor>()
        try {
          const { returned, next } = await run(feeds, at, made)
          for (const [, { place }] of next) if ("device" in place) owned.add(place.device)
          return returned
        } finally {
          for (const t of new Set(made)) if (!owned.has(t)) t.dispose()
        }
      }
    }
  }

  return {
    hold: (t) => Held.make(t, { host: t }),
    copy: (held) => Held.read(movements, held),
    free: Held.free,
    compile
  }
}
