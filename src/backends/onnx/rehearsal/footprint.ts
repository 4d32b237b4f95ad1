import { type Node, type Program, Programs, type Step } from "../../../core/program/index.ts"
import { DTypes, Shapes } from "../../../core/tensor/index.ts"
import { Liveness } from "../../../core/transform/index.ts"
import { findUpdates } from "../update/findUpdates.ts"
import { executionOrder } from "./executionOrder.ts"
import { workingBytes } from "./workingBytes.ts"

/** As much of what is frozen becomes part of the model by default; the rest stays where memory holds it. */
const INLINE_BYTES = 2 ** 28

/** Memory of a compiled step beside the tensors that it finds in memory and those that it is fed. */
export interface Footprint {
  /** Of the engine while it runs, which it keeps for the next run. */
  readonly workingBytes: number
  /** Of what leaves the engine after a run: results, gradients that an update in place reads, rows for a cache. */
  readonly returnedBytes: number
  /** Of values that are compiled in. */
  readonly constantBytes: number
}

const total = (xs: ReadonlyArray<number>): number => xs.reduce((a, b) => a + b, 0)

/** The part of a step that the engine runs as a model: what is updated in place afterwards is none of it. */
const modelOf = (step: Step, frozen: ReadonlySet<string>): Program => {
  const updates = findUpdates(step, frozen)
  const updated = new Set(updates.flatMap(({ outputs }) => outputs))
  const values = updates.flatMap((u) => [...u.slots.flatMap((s) => (s._tag === "Value" ? [s.node] : [])), ...u.scalars])
  return {
    nodes: step.program.nodes,
    outputs: [
      ...step.program.outputs.filter(({ name }) => !updated.has(name)),
      ...[...new Set(values)].map((node) => ({ name: `value/${node}`, node }))
    ]
  }
}

/**
 * A value that is compiled in is there as often: in the model, packed for its kernels, and twice in the text of the model,
 * which is collected some time later.
 */
const FROZEN_COPIES = 4

/** What of frozen values becomes part of the model, the smallest first, up to the backend's limit. */
const inlined = (sizes: ReadonlyArray<number>, limit: number): number => {
  let filled = 0
  for (const size of [...sizes].sort((a, b) => a - b)) if (filled + size <= limit) filled += size
  return filled
}

/** Memory of a step on ONNX Runtime's CPU provider, from its program alone. What is frozen is taken to lie in memory, not in a file that is mapped. @see specs/55-doctor.md, section 3 */
export const footprint = (step: Step, frozen: ReadonlySet<string> = new Set()): Footprint => {
  const run = executionOrder(modelOf(step, frozen))
  const inputs = Programs.inputs(step.program)
  const compiledIn = [...frozen].flatMap((name) => (inputs[name] === undefined ? [] : [inputs[name]]))
  const frozenBytes = compiledIn.map((s) => Shapes.size(s.shape) * DTypes.bytes[s.dtype])
  const constants = run.nodes.filter((node: Node) => node.op._tag === "Constant")
  const results = [...new Set(run.outputs.map(({ node }) => node))]
  return {
    workingBytes: workingBytes(run),
    returnedBytes: total(results.map((node) => Liveness.bytes(run.nodes[node]!))),
    constantBytes: total(constants.map(Liveness.bytes)) + FROZEN_COPIES * inlined(frozenBytes, INLINE_BYTES)
  }
}
