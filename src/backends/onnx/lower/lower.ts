import { Result } from "effect"
import type { Node, OpTag, Program } from "../../../core/program/index.ts"
import { UnsupportedOp } from "../../../core/service/index.ts"
import type { Shape } from "../../../core/tensor/index.ts"
import { elementType, type OnnxModel, type ValueInfo } from "../OnnxModel.ts"
import { byteInputs } from "./dequantize.ts"
import { make } from "./Emitter.ts"
import type { Plan, Rule, Rules, View } from "./Plan.ts"

/** A program as an ONNX model, with the names under which its inputs and outputs go there. */
export interface Lowered {
  readonly model: OnnxModel
  /** Model input of each program input that is fed; absent when the program does not use the input. */
  readonly inputs: Readonly<Record<string, string>>
  /** Inputs that the model takes as bytes, with their shape there. */
  readonly bytes: Readonly<Record<string, Shape>>
  /** Model output of each program output; several may share one. */
  readonly outputs: Readonly<Record<string, string>>
  /** Model output of each node asked for in `values`. */
  readonly values: ReadonlyMap<number, string>
}

export interface LowerOptions {
  /** Shown in errors. */
  readonly backend: string
  readonly rules: Rules
  /** Inputs whose value is added to the model later, as an initializer. */
  readonly frozen: ReadonlySet<string>
  /** Nodes whose value the engine needs besides the outputs. */
  readonly values?: ReadonlyArray<number>
}

const users = (program: Program): ReadonlyArray<ReadonlyArray<number>> => {
  const result = program.nodes.map((): Array<number> => [])
  for (const [id, node] of program.nodes.entries()) for (const a of new Set(node.args)) result[a]!.push(id)
  return result
}

const show = (id: number, node: Node): string => `${node.label ?? node.op._tag}%${id}`

/** Plans for every node that is needed, from the outputs down: a plan may absorb nodes, which are then not emitted. */
const plan = (program: Program, { backend, rules, values = [] }: LowerOptions) => {
  const plans = new Map<number, Plan>()
  const visible = new Set([...program.outputs.map((o) => o.node), ...values])
  const needed = new Set(visible)
  const byUser = users(program)
  const bytes = byteInputs(program.nodes, byUser, visible)
  const view: View = { nodes: program.nodes, users: byUser, bytes, needed: (id) => needed.has(id) }
  for (let id = program.nodes.length - 1; id >= 0; id--) {
    if (!needed.has(id)) continue
    const node = program.nodes[id]!
    // A table indexed by the tag holds the rule of that very op, which the type checker cannot follow.
    const rule = rules[node.op._tag] as Rule<OpTag> | undefined
    const made = rule?.({ view, id, node, op: node.op })
    if (made === undefined) return Result.fail(new UnsupportedOp({ backend, op: node.op._tag, node: id }))
    plans.set(id, made)
    for (const a of made.args) needed.add(a)
  }
  return Result.succeed({ plans, bytes })
}

/** Translates a program. Fails with `UnsupportedOp` naming the first operation that the rules have no form of. */
export const lower = (program: Program, options: LowerOptions): Result.Result<Lowered, UnsupportedOp> =>
  Result.map(plan(program, options), ({ plans, bytes }) => {
    const e = make()
    const names = new Map<number, string>()
    const fed: Array<{ readonly program: string; readonly name: string; readonly node: Node }> = []
    for (const [id, node] of program.nodes.entries()) {
      const p = plans.get(id)
      if (p === undefined) continue
      e.at(show(id, node))
      const name = p.emit(
        e,
        p.args.map((a) => names.get(a)!)
      )
      names.set(id, name)
      if (node.op._tag === "Input" && !options.frozen.has(node.op.name)) fed.push({ program: node.op.name, name, node })
    }
    // A model output must come out of a node: inputs, constants and aliases pass through Identity.
    const produced = new Set(e.emitted().nodes.flatMap((n) => n.outputs))
    const visible = (id: number) => {
      const name = names.get(id)!
      e.at(show(id, program.nodes[id]!))
      return { id, node: program.nodes[id]!, name: produced.has(name) ? name : e.node("Identity", [name]) }
    }
    const outputs = program.outputs.map((o) => ({ output: o.name, ...visible(o.node) }))
    const values = (options.values ?? []).map(visible)
    const info = (name: string, { dtype, shape }: Node): ValueInfo => ({ name, type: elementType[dtype], shape })
    return {
      model: {
        ...e.emitted(),
        inputs: fed.map((f): ValueInfo => {
          const shape = bytes.get(program.nodes.indexOf(f.node))
          return shape === undefined ? info(f.name, f.node) : { name: f.name, type: "uint8", shape }
        }),
        outputs: [...new Map([...outputs, ...values].map((o) => [o.name, info(o.name, o.node)])).values()]
      },
      inputs: Object.fromEntries(fed.map((f) => [f.program, f.name])),
      bytes: Object.fromEntries(
        [...bytes].flatMap(([id, shape]) => {
          const { op } = program.nodes[id]!
          return op._tag === "Input" ? [[op.name, shape]] : []
        })
      ),
      outputs: Object.fromEntries(outputs.map((o) => [o.output, o.name])),
      values: new Map(values.map((v) => [v.id, v.name]))
    }
  })
