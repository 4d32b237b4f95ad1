import { Result } from "effect"
import type * as Lowering from "../../../core/lowering/index.ts"
import { plan } from "../../../core/lowering/index.ts"
import type { Node, Program } from "../../../core/program/index.ts"
import type { UnsupportedOp } from "../../../core/service/index.ts"
import type { Shape } from "../../../core/tensor/index.ts"
import { elementType, type OnnxModel, type ValueInfo } from "../OnnxModel.ts"
import { byteInputs } from "./dequantize.ts"
import { type Emitter, make } from "./Emitter.ts"
import { inputName, type Plan, type Rules, type View } from "./Plan.ts"

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

const show = (id: number, node: Node): string => `${node.label ?? node.op._tag}%${id}`

const emitted = (e: Emitter, { op }: Node, made: Plan | undefined, names: ReadonlyMap<number, string>): string => {
  if (op._tag === "Input") return inputName(op.name)
  if (op._tag === "Constant") return e.constant(op.tensor)
  return made!.emit(
    e,
    made!.args.map((a) => names.get(a)!)
  )
}

/** Translates a program. Fails with `UnsupportedOp` naming an operation that the rules have no form of. */
export const lower = (program: Program, options: LowerOptions): Result.Result<Lowered, UnsupportedOp> => {
  const see = (view: Lowering.View): View => ({ ...view, bytes: byteInputs(view) })
  return Result.map(plan(program, { ...options, see }), ({ plans, view }) => {
    const { bytes, needed } = view
    const e = make()
    const names = new Map<number, string>()
    const fed: Array<{ readonly program: string; readonly name: string; readonly node: Node }> = []
    for (const [id, node] of program.nodes.entries()) {
      if (!needed(id)) continue
      e.at(show(id, node))
      const name = emitted(e, node, plans.get(id), names)
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
}
