import type { InferenceSession, Tensor as OrtTensor, TypedTensor } from "onnxruntime-common"
import ort from "onnxruntime-node"
import type { Tensor } from "../../../core/tensor/index.ts"
import { elementType, withAdditions } from "../OnnxModel.ts"
import { bindFrozen, externalFolder } from "./frozen.ts"
import {
  append,
  checkAppend,
  copy,
  EngineFailure,
  type Memory,
  type Pinned,
  storage,
  view,
  writable
} from "./Memory.ts"
import type { Answers, Port, Request, RunPlan, SessionOptions, Tensors } from "./protocol.ts"
import { checkUpdates, loadUpdates, type Values } from "./updateInPlace.ts"

interface Executable {
  readonly session: InferenceSession
  readonly plan: RunPlan
  readonly memory: Memory
  readonly fetches: ReadonlyArray<string>
  /** Frozen tensors that each run is given, by their name in the model. */
  readonly frozen: Readonly<Record<string, OrtTensor>>
  readonly update: (memory: Memory, pinned: Pinned, values: Values) => void
}

const toOrt = ({ bytes }: Port, t: Tensor): OrtTensor =>
  bytes === undefined
    ? new ort.Tensor(elementType[t.dtype], t.data as never, t.shape)
    : new ort.Tensor("uint8", storage(t), bytes)

const fromOrt = ({ dtype, shape }: Port, t: OrtTensor): Tensor =>
  ({ dtype, shape, data: (t as TypedTensor<"float32">).data }) as Tensor

/** The first NaN or infinity. */
const nonFinite = (data: Tensor["data"]): number | undefined => {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return data[i]!
  return undefined
}

/** Options for `onnxruntime-node`; keys under `extra` are those of ONNX Runtime's configuration. */
const sessionOptions = (
  { threads, spinning, flushDenormals, packing, profile }: SessionOptions,
  maps: boolean
): InferenceSession.SessionOptions => ({
  executionProviders: ["cpu"],
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  // The lowering chooses the kernels; what the optimiser would fuse again is often slower, and looking for it takes time.
  graphOptimizationLevel: "disabled",
  enableMemPattern: false,
  logSeverityLevel: 3,
  ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }),
  extra: {
    session: {
      set_denormal_as_zero: flushDenormals ? "1" : "0",
      ...(maps ? { model_external_initializers_file_folder_path: externalFolder } : {}),
      // Kernels that repack a weight read all of it at once, into memory of their own.
      disable_prepacking: maps && !packing ? "1" : "0",
      intra_op: { allow_spinning: spinning ? "1" : "0" },
      // Between runs the cores belong to JavaScript: spinning on there nearly doubles the time of a decoding loop.
      force_spinning_stop: "1"
    }
  }
})

/** The engine's state and the meaning of each request, apart from how requests arrive. */
export const make = () => {
  const memories = new Map<number, Memory>()
  const executables = new Map<number, Executable>()
  const pinned: Pinned = new WeakSet()

  const memoryOf = (id: number): Memory => {
    const known = memories.get(id)
    if (known !== undefined) return known
    const created: Memory = new Map()
    memories.set(id, created)
    return created
  }

  const compile = async (request: Extract<Request, { _tag: "Compile" }>) => {
    const { executable, memory, model, plan, places, session } = request
    const held = memoryOf(memory)
    const { additions, inputs } = bindFrozen([held, pinned], plan.frozen, { places, limit: session.inlineBytes })
    const bytes = plan.frozen.length === 0 ? model : withAdditions(model, additions)
    const ports = [...plan.returned, ...plan.carry.map((c) => c.output), ...plan.guard]
    const updated = plan.updates.flatMap((u) => [
      ...u.slots.flatMap((s) => ("value" in s ? [s.value] : [])),
      ...u.scalars
    ])
    executables.set(executable, {
      session: await ort.InferenceSession.create(bytes, sessionOptions(session, additions.external.length > 0)),
      plan,
      memory: held,
      fetches: [...new Set([...ports.map((p) => p.value), ...updated])],
      frozen: Object.fromEntries(inputs.map(({ port, t }) => [port.value, toOrt(port, t)])),
      update: await loadUpdates(plan)
    })
    return null
  }

  const run = async ({ executable, feeds, at }: Extract<Request, { _tag: "Run" }>): Promise<Tensors> => {
    const { session, plan, memory, fetches, frozen, update } = executables.get(executable)!
    for (const { kind, output, into } of plan.carry) if (kind === "Append") checkAppend(memory, into, output, at)
    checkUpdates(memory, plan)
    const inputs: Record<string, OrtTensor> = { ...frozen }
    for (const port of plan.resident) inputs[port.value] = toOrt(port, view(memory, port))
    for (const port of plan.fed) if (port.value !== "") inputs[port.value] = toOrt(port, feeds[port.name]!)
    const results = await session.run(inputs, fetches)
    for (const port of plan.guard) {
      const value = nonFinite(fromOrt(port, results[port.value]!).data)
      if (value !== undefined) throw new EngineFailure({ _tag: "NonFinite", output: port.name, value })
    }
    const taken = new Set<string>()
    // Several names may share one result, but each buffer has one owner.
    const own = (port: Port): Tensor => {
      const t = fromOrt(port, results[port.value]!)
      if (taken.has(port.value)) return copy(t)
      taken.add(port.value)
      return t
    }
    const returned = Object.fromEntries(plan.returned.map((port) => [port.name, own(port)]))
    for (const { kind, output, into } of plan.carry) {
      if (kind === "Replace") memory.set(into, own(output))
      else append(writable(memory, pinned, into), fromOrt(output, results[output.value]!), at)
    }
    update(memory, pinned, results)
    return returned
  }

  const handle = async (request: Request): Promise<Answers[keyof Answers]> => {
    switch (request._tag) {
      case "Write":
        for (const [name, t] of Object.entries(request.tensors)) memoryOf(request.memory).set(name, t)
        return null
      case "Read": {
        const held = memoryOf(request.memory)
        return Object.fromEntries(
          request.names.map((name) => {
            const t = held.get(name)
            if (t === undefined) {
              throw new EngineFailure({ _tag: "BadFeed", name, reason: "memory does not hold it." })
            }
            return [name, copy(t)]
          })
        )
      }
      case "Remove":
        for (const name of request.names) memoryOf(request.memory).delete(name)
        return null
      case "Names":
        return [...memoryOf(request.memory).keys()].sort()
      case "Drop":
        memories.get(request.memory)?.clear()
        memories.delete(request.memory)
        return null
      case "Compile":
        return compile(request)
      case "Run":
        return run(request)
      case "Release": {
        const known = executables.get(request.executable)
        executables.delete(request.executable)
        if (known !== undefined) await known.session.release()
        return null
      }
    }
  }

  return { handle }
}
