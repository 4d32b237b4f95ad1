import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-common"
import { Shapes } from "../../../../core/tensor/index.ts"
import { append, copy } from "../Memory.ts"
import type { RunPlan } from "../protocol.ts"
import { fromOrt } from "../Runtime.ts"
import * as Held from "./Held.ts"
import type { Movements } from "./movements.ts"

/** Values of a model that stay on the device after a run: those that memory alone asks for. */
export const staying = ({ carry, returned, guard }: RunPlan): ReadonlySet<string> => {
  const seen = new Set([...returned, ...guard].map(({ value }) => value))
  return new Set(carry.flatMap(({ output: o }) => (Held.movable(o) && !seen.has(o.value) ? [o.value] : [])))
}

/** What a run leaves for memory, and where its values are. */
export interface Outcome {
  readonly plan: RunPlan
  readonly stays: ReadonlySet<string>
  readonly results: InferenceSession.OnnxValueMapType
  /** Row at which rows are appended. */
  readonly at: number
}

/**
 * What memory will hold after a run, by name and in order. Rows are written where their tensor lies if nobody else has it, last
 * of all; everything else in memory is as it was. `made` takes what was made on the device.
 */
export const carried = async (
  movements: Movements,
  memory: ReadonlyMap<string, Held.Held>,
  { plan, stays, results, at }: Outcome,
  made: Array<OrtTensor>
): Promise<ReadonlyArray<readonly [name: string, held: Held.Held]>> => {
  const next: Array<readonly [string, Held.Held]> = []
  const replaced = new Map<string, Held.Held>()
  const writes: Array<() => Promise<void>> = []
  for (const { kind, output, into } of plan.carry) {
    const result = results[output.value] as OrtTensor
    const device = stays.has(output.value)
    if (kind === "Replace") {
      // One value under two names is one tensor with two owners.
      const known = replaced.get(output.value)
      if (known !== undefined) known.owners += 1
      const held = known ?? Held.make(output, device ? { device: result } : { host: copy(fromOrt(output, result)) })
      replaced.set(output.value, held)
      next.push([into, held])
      continue
    }
    if (Shapes.size(output.shape) === 0) continue
    const changed = next.findLast(([name]) => name === into)?.[1]
    const before = changed ?? memory.get(into)!
    if (device) {
      const there = await Held.onto(movements, before)
      if (changed === undefined && before.owners === 1) {
        writes.push(() => movements.write(there, result, at))
        continue
      }
      const own = await movements.copy(there)
      made.push(own)
      next.push([into, Held.make(before, { device: own })])
      writes.push(() => movements.write(own, result, at))
    } else {
      const host = await Held.read(movements, before)
      append(host, fromOrt(output, result), at)
      next.push([into, Held.make(before, { host })])
    }
  }
  for (const write of writes) await write()
  return next
}
