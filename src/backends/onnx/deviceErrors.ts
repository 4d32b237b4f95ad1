import { input, neg, Programs, type Step, Steps } from "../../core/program/index.ts"
import { BackendFailure, type Feeds, type RunError, type UnsupportedOp } from "../../core/service/index.ts"
import { Tensors } from "../../core/tensor/index.ts"
import { cost, Liveness } from "../../core/transform/index.ts"

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

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`

/** That a value of the step is larger than a buffer can be, before anything runs. */
export const tooLarge = (backend: string, { program }: Step, limit: number | undefined): BackendFailure | undefined => {
  if (limit === undefined) return undefined
  const id = program.nodes.findIndex((node) => Liveness.bytes(node) > limit)
  if (id < 0) return undefined
  const node = program.nodes[id]!
  const what = `${node.label ?? node.op._tag}%${id}`
  const bytes = Liveness.bytes(node)
  return new BackendFailure({
    ...{ backend, during: "compile" },
    reason: `${what} needs a buffer of ${mebibytes(bytes)}, and the device has none above ${mebibytes(limit)}. Make batches smaller, or the loss in chunks, or choose a backend without that limit.`,
    trouble: { _tag: "TooLarge", what, bytes, limit }
  })
}

/** Says with a lack of memory how much the step was to need at once, by its cost report. */
export const withPrediction =
  ({ program }: Step) =>
  <E>(error: E): E | BackendFailure => {
    if (!(error instanceof BackendFailure) || error.trouble?._tag !== "OutOfMemory") return error
    const { inputBytes, constantBytes, peakLiveBytes } = cost(program)
    const predictedBytes = inputBytes + constantBytes + peakLiveBytes
    const { backend, during, reason, trouble } = error
    return new BackendFailure({
      ...{ backend, during, reason: `${reason} By its cost the step needs ${mebibytes(predictedBytes)} at once.` },
      trouble: { ...trouble, predictedBytes },
      cause: error
    })
  }
