import { Result } from "effect"
import { withoutEmpties } from "../../core/lowering/index.ts"
import { Programs, type Step } from "../../core/program/index.ts"
import type { UnsupportedOp } from "../../core/service/index.ts"
import type { Port, RunPlan, UpdatePlan } from "./engine/protocol.ts"
import { fedIds } from "./fedIds.ts"
import { type Lowered, lower } from "./lower/lower.ts"
import { inputName, type Rules } from "./lower/Plan.ts"
import type { OnnxModel } from "./OnnxModel.ts"
import { findUpdates, type Update } from "./update/findUpdates.ts"
import { encode } from "./update/Kernel.ts"

/** A step as the engine runs it: a model, and what happens around it. */
export interface PlannedRun {
  readonly model: OnnxModel
  readonly plan: RunPlan
}

/** Equal text, equal kernel; JSON alone would write every infinity, and NaN, as null. */
const keyOf = (update: Update): string =>
  JSON.stringify(update.kernel, (_, v: unknown) => (typeof v === "number" && !Number.isFinite(v) ? String(v) : v))

/** The kernels of the updates, each once: parameters of a model share one or two. */
const kernelPlans = (
  updates: ReadonlyArray<Update>,
  values: Lowered["values"],
  resident: (name: string) => Port
): Pick<RunPlan, "kernels" | "updates"> => {
  const keys = updates.map(keyOf)
  const distinct = [...new Set(keys)]
  return {
    kernels: distinct.map((key) => {
      const { kernel } = updates[keys.indexOf(key)]!
      return { module: encode(kernel), slots: kernel.slots }
    }),
    updates: updates.map(
      (u, i): UpdatePlan => ({
        kernel: distinct.indexOf(keys[i]!),
        slots: u.slots.map((s) =>
          s._tag === "Resident" ? { memory: resident(s.name) } : { value: values.get(s.node)! }
        ),
        reads: [...new Set(u.kernel.values.flatMap((v) => (v._tag === "Operand" ? [v.slot] : [])))],
        writes: u.kernel.stores.map((s) => s.slot),
        scalars: u.scalars.map((id) => values.get(id)!),
        length: u.length
      })
    )
  }
}

/** What steps are translated for. */
export interface Target {
  /** The backend, as shown to people. */
  readonly name: string
  readonly rules: Rules
  /** Whether memory is in this process's own arrays, where kernels of ours rewrite it; else it stays on a device. */
  readonly onHost: boolean
  /** Whether its kernels refuse ids outside their table; else those that are fed are looked at before each run. */
  readonly refusesIds: boolean
  /** Whether its kernels take tensors without elements; else no model has them. */
  readonly takesEmpty: boolean
}

/**
 * Translates a step: elementwise updates of memory become kernels where they may, the rest one ONNX model.
 *
 * @param frozen resident inputs whose value is added to the model later
 */
export const planRun = (
  given: Step,
  target: Target,
  frozen: ReadonlySet<string>
): Result.Result<PlannedRun, UnsupportedOp> => {
  const step = target.takesEmpty ? given : { ...given, program: withoutEmpties(given.program) }
  const options = { backend: target.name, rules: target.rules, frozen }
  const found = target.onHost ? findUpdates(step, frozen) : []
  const needsModel = found.some((u) => u.scalars.length > 0 || u.slots.some((s) => s._tag === "Value"))
  // A model needs an output.
  const updates = needsModel || found.flatMap((u) => u.outputs).length < step.program.outputs.length ? found : []
  const updated = new Set(updates.flatMap((u) => u.outputs))
  const program = { ...step.program, outputs: step.program.outputs.filter((o) => !updated.has(o.name)) }
  const values = updates.flatMap((u) => [...u.slots.flatMap((s) => (s._tag === "Value" ? [s.node] : [])), ...u.scalars])
  return Result.map(lower(program, { ...options, values: [...new Set(values)] }), (lowered) => {
    const ins = Programs.inputs(step.program)
    const outs = Programs.outputSpecs(program)
    const resident = new Set(step.resident)
    const carried = new Set(step.carry.map((c) => c.output))
    const output = (name: string): Port => ({ name, value: lowered.outputs[name]!, ...outs[name]! })
    const input = (name: string): Port => {
      const bytes = lowered.bytes[name]
      const port = { name, value: lowered.inputs[name] ?? "", ...ins[name]! }
      return bytes === undefined ? port : { ...port, bytes }
    }
    const names = Object.keys(ins)
    return {
      model: lowered.model,
      plan: {
        resident: names.filter((n) => resident.has(n) && !frozen.has(n) && lowered.inputs[n] !== undefined).map(input),
        frozen: names.filter((n) => frozen.has(n)).map((n) => ({ ...input(n), value: inputName(n) })),
        fed: names.filter((n) => !resident.has(n)).map(input),
        returned: program.outputs.filter((o) => !carried.has(o.name)).map((o) => output(o.name)),
        carry: step.carry
          .filter((c) => !updated.has(c.output))
          .map((c) => ({ kind: c._tag, output: output(c.output), into: c.into })),
        guard: step.guard.map(output),
        ids: target.refusesIds ? [] : fedIds(step.program, resident),
        ...kernelPlans(updates, lowered.values, input)
      }
    }
  })
}
