import type { Tensor as OrtTensor } from "onnxruntime-common"
import type { Tensor } from "../../../core/tensor/index.ts"
import { withAdditions } from "../OnnxModel.ts"
import type { Keeper } from "./Engine.ts"
import { bindFrozen } from "./frozen.ts"
import { append, checkAppend, copy, type Memory, type Pinned, view, writable } from "./Memory.ts"
import { checkGuard, fetches } from "./plans.ts"
import { fromOrt, type Runtime, toOrt } from "./Runtime.ts"
import { checkUpdates, loadUpdates } from "./updateInPlace.ts"

/**
 * Memory as arrays of this process, which sessions read without a copy and kernels of our own rewrite in place. Where the
 * session computes on a device, what a step reads of memory is sent there with each run.
 */
export const onHost = (runtime: Runtime): Keeper<Tensor> => {
  const pinned: Pinned = new WeakSet()

  const compile: Keeper<Tensor>["compile"] = async (memory: Memory, { model, plan, places, session }) => {
    const { additions, inputs: held } = bindFrozen([memory, pinned], plan.frozen, {
      places,
      limit: session.inlineBytes
    })
    const bytes = plan.frozen.length === 0 ? model : withAdditions(model, additions)
    const options = additions.external.length > 0 ? session.mapping : session.options
    const compiled = await runtime.InferenceSession.create(bytes, options)
    const wanted = fetches(plan)
    const frozen = Object.fromEntries(held.map(({ port, t }) => [port.value, toOrt(runtime, port, t)]))
    const update = await loadUpdates(plan)
    return {
      release: () => compiled.release(),
      run: async (feeds, at) => {
        for (const { kind, output, into } of plan.carry)
          if (kind === "Append") checkAppend(memory.get(into), into, [output, at])
        checkUpdates(memory, plan)
        const inputs: Record<string, OrtTensor> = { ...frozen }
        for (const port of plan.resident) inputs[port.value] = toOrt(runtime, port, view(memory, port))
        for (const port of plan.fed) if (port.value !== "") inputs[port.value] = toOrt(runtime, port, feeds[port.name]!)
        const results = await compiled.run(inputs, wanted)
        checkGuard(plan, results)
        const taken = new Set<string>()
        // Several names may share one result, but each buffer has one owner.
        const own = (port: (typeof plan.returned)[number]): Tensor => {
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
    }
  }

  return { hold: (t) => t, copy, free: () => undefined, compile }
}
