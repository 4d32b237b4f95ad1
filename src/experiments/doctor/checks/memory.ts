import { Rehearsal } from "../../../backends/onnx/index.ts"
import { failed, type Verdict, warned } from "../Check.ts"
import type { Usage } from "../Subject.ts"
import { bytesText, memoryFits } from "./resources.ts"

/** What a process takes now, and what it may still take, in bytes. */
export interface Room {
  readonly resident: number
  readonly memory: number
}

/**
 * Whether what is foreseen of a run finds room. A rehearsal is measured against the machine. A count from cost reports
 * leaves out what the engine holds beside them, so it cannot promise anything: it refuses what alone is too much for the
 * process, and else warns with what is known.
 *
 * @param checkpoint bytes of one, which is on its way while it is written
 */
export const memoryForeseen = ({ backend, foreseen, processBytes }: Usage, room: Room, checkpoint: number): Verdict => {
  const available = room.resident + room.memory
  if (foreseen._tag === "Rehearsed") {
    const { usage } = foreseen
    const parts = { ...usage, passingBytes: Math.max(usage.passingBytes, checkpoint) }
    return memoryFits(
      { needed: processBytes + Rehearsal.peakBytes(parts), available },
      `${bytesText(parts.residentBytes)} weights and moments, ${bytesText(parts.executableBytes)} activations, ` +
        `${bytesText(parts.passingBytes)} on their way, ${bytesText(processBytes + usage.engineBytes)} process and data`
    )
  }
  const { residentBytes, liveBytes, holder } = foreseen
  const counted = residentBytes + liveBytes
  const figures =
    `by the programs' cost reports ${bytesText(counted)} in 32-bit floats ` +
    `(${bytesText(residentBytes)} weights and moments, ${bytesText(liveBytes)} intermediate results)`
  if (holder === "process" && processBytes + counted > available)
    return failed(
      `${figures} beside ${bytesText(processBytes)} process and data, and ${bytesText(available)} are available`,
      "Lower training.policy_micro_batch or model.max_completion_length, take a smaller model, or --backend onnx-cpu."
    )
  const where = holder === "process" ? "of this process" : "on the device"
  return warned(
    `no peak is predicted for ${backend}: ${figures} ${where}; what its engine holds beside them is not known`,
    "Watch the memory in the longest batch, which runs next; a prediction there is for --backend onnx-cpu."
  )
}
