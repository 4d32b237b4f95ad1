import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-common"
import type { Tensor } from "../../../core/tensor/index.ts"
import { EngineFailure } from "./Memory.ts"
import type { RunPlan, Tensors } from "./protocol.ts"
import { fromOrt } from "./Runtime.ts"

/** Values of the model that a run asks for, each once. */
export const fetches = ({ returned, carry, guard, updates }: RunPlan): ReadonlyArray<string> => {
  const ports = [...returned, ...carry.map((c) => c.output), ...guard]
  const updated = updates.flatMap((u) => [...u.slots.flatMap((s) => ("value" in s ? [s.value] : [])), ...u.scalars])
  return [...new Set([...ports.map((p) => p.value), ...updated])]
}

/** The first NaN or infinity. */
const nonFinite = (data: Tensor["data"]): number | undefined => {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return data[i]!
  return undefined
}

/** Refuses results of which a guarded one is not finite. */
export const checkGuard = ({ guard }: RunPlan, results: InferenceSession.OnnxValueMapType): void => {
  for (const port of guard) {
    const value = nonFinite(fromOrt(port, results[port.value] as OrtTensor).data)
    if (value !== undefined) throw new EngineFailure({ _tag: "NonFinite", output: port.name, value })
  }
}

/** Refuses ids outside their table, where the engine would read whatever lies there. */
export const checkIds = ({ ids }: RunPlan, feeds: Tensors): void => {
  for (const { name, rows } of ids) {
    const wrong = feeds[name]!.data.find((id: number) => id < 0 || id >= rows)
    if (wrong !== undefined) {
      const reason = `"${name}" holds the id ${wrong}, but the table has ${rows} rows.`
      throw new EngineFailure({ _tag: "EngineError", reason })
    }
  }
}
