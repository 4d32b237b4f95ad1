import { input, neg, Programs, type Step, Steps } from "../../core/program/index.ts"
import { BackendFailure, type Feeds, type RunError, type UnsupportedOp } from "../../core/service/index.ts"
import { DTypes, Shapes, Tensors } from "../../core/tensor/index.ts"
import { cost, Liveness } from "../../core/transform/index.ts"
import { remedy } from "./engine/trouble.ts"

/** What keeps a device from being found, in words for people: what was looked for, and how to get it. */
export interface Absence {
  readonly lookedFor: ReadonlyArray<string>
  readonly fix: string
}

/** The least that a device can be asked, to see whether there is one. */
export const probe: Step = Steps.stateless(Programs.fromExprs({ y: neg(input("x", [1])) }))

/** What the probe is fed. */
export const probeFeeds: Feeds = { x: Tensors.f32([0], [1]) }

/** Why a device did not come, of what the engine said when it was asked: one that this process has lost does not come again. */
export const absent =
  (backend: string, { lookedFor, fix }: Absence) =>
  (cause: RunError | UnsupportedOp): BackendFailure => {
    const fields = { backend, during: "start", cause } as const
    if (cause instanceof BackendFailure && cause.trouble?._tag === "Lost")
      return new BackendFailure({ ...fields, reason: cause.reason, trouble: cause.trouble })
    const reason = `it found no device. It looked for ${lookedFor.join("; ")}. ${fix}`
    return new BackendFailure({ ...fields, reason, trouble: { _tag: "NoDevice", lookedFor } })
  }

/** That libraries are missing. */
export const notInstalled = (backend: string, { lookedFor, fix }: Absence): BackendFailure =>
  new BackendFailure({
    ...{ backend, during: "start", reason: `it lacks ${lookedFor.join(", ")}. ${fix}` },
    trouble: { _tag: "NotInstalled", missing: lookedFor }
  })

const mebibytes = (bytes: number): string => (bytes < 2 ** 20 ? `${bytes} bytes` : `${Math.ceil(bytes / 2 ** 20)} MiB`)

const beyond = (
  backend: string,
  during: BackendFailure["during"],
  { what, bytes, limit }: { readonly what: string; readonly bytes: number; readonly limit: number }
): BackendFailure =>
  new BackendFailure({
    ...{ backend, during },
    reason: `${what} needs a buffer of ${mebibytes(bytes)}, and the device has none above ${mebibytes(limit)}. Make batches smaller, or the loss in chunks, or choose a backend without that limit.`,
    trouble: { _tag: "TooLarge", what, bytes, limit }
  })

/** What a device is known to hold before anything runs; absent where it is not known. */
export interface Room {
  /** Most bytes of one tensor. */
  readonly maxBufferBytes?: number
  /** Bytes for all tensors together. */
  readonly memoryBytes?: number
}

/** That a step does not fit the device, before anything runs: one value of it, or all that it needs at once. */
export const tooLarge = (
  backend: string,
  { program }: Step,
  { maxBufferBytes: limit = Number.POSITIVE_INFINITY, memoryBytes }: Room
): BackendFailure | undefined => {
  const id = program.nodes.findIndex((node) => Liveness.bytes(node) > limit)
  if (id >= 0) {
    const node = program.nodes[id]!
    const what = `${node.label ?? (node.op._tag === "Input" ? node.op.name : node.op._tag)}%${id}`
    return beyond(backend, "compile", { what, bytes: Liveness.bytes(node), limit })
  }
  const predictedBytes = bytesAtOnce(program)
  if (memoryBytes === undefined || predictedBytes <= memoryBytes) return undefined
  return new BackendFailure({
    ...{ backend, during: "compile" },
    reason: `by its cost the step needs ${mebibytes(predictedBytes)} at once, and ${mebibytes(memoryBytes)} are there. ${remedy({ _tag: "OutOfMemory" })}`,
    trouble: { _tag: "OutOfMemory", predictedBytes, availableBytes: memoryBytes }
  })
}

/** That a tensor does not fit the device, before it is written. */
export const tooLargeToWrite = (
  backend: string,
  tensors: Feeds,
  { maxBufferBytes: limit = Number.POSITIVE_INFINITY }: Room
): BackendFailure | undefined => {
  for (const [what, { dtype, shape }] of Object.entries(tensors)) {
    const bytes = Shapes.size(shape) * DTypes.bytes[dtype]
    if (bytes > limit) return beyond(backend, "write", { what, bytes, limit })
  }
  return undefined
}

const bytesAtOnce = (program: Step["program"]): number => {
  const { inputBytes, constantBytes, peakLiveBytes } = cost(program)
  return inputBytes + constantBytes + peakLiveBytes
}

/** Says with a lack of memory how much the step was to need at once, by its cost report. */
export const withPrediction =
  ({ program }: Step) =>
  <E>(error: E): E | BackendFailure => {
    if (!(error instanceof BackendFailure) || error.trouble?._tag !== "OutOfMemory") return error
    const predictedBytes = bytesAtOnce(program)
    const { backend, during, reason, trouble } = error
    return new BackendFailure({
      ...{ backend, during, reason: `By its cost the step needs ${mebibytes(predictedBytes)} at once. ${reason}` },
      trouble: { ...trouble, predictedBytes },
      cause: error
    })
  }
