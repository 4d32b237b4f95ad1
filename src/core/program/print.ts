import { Shapes, type Tensor } from "../tensor/index.ts"
import type { Op } from "./Op.ts"
import { inputs, type Program } from "./Program.ts"

const tensor = (t: Tensor): string => {
  const head = Array.from(t.data.subarray(0, 6), (v) => (Number.isInteger(v) ? `${v}` : v.toPrecision(4))).join(" ")
  return t.data.length > 6 ? `{${head} …}` : `{${head}}`
}

const parameters = (op: Op): string => {
  const { _tag, ...rest } = op
  const shown = Object.entries(rest)
    .filter(([, v]) => v !== false)
    .map(([k, v]) =>
      _tag === "Constant" ? tensor(v as Tensor) : v === true ? k : `${k}=${Array.isArray(v) ? Shapes.print(v) : v}`
    )
  return shown.length === 0 ? "" : ` ${shown.join(" ")}`
}

/** The program as text, one node a line: the form in which tests and messages show programs. */
export const print = (program: Program): string => {
  const name = (id: number): string => {
    const op = program.nodes[id]!.op
    return op._tag === "Input" ? op.name : `%${id}`
  }
  const header = Object.entries(inputs(program)).map(([n, s]) => `${n}: ${s.dtype}${Shapes.print(s.shape)}`)
  const body = program.nodes.flatMap((n, id) =>
    n.op._tag === "Input"
      ? []
      : [
          `  %${id}: ${n.dtype}${Shapes.print(n.shape)} = ${n.op._tag}${parameters(n.op)}${n.args.map((a) => ` ${name(a)}`).join("")}${n.label === undefined ? "" : `  # ${n.label}`}`
        ]
  )
  const results = program.outputs.map((o) => `${o.name} = ${name(o.node)}`).join(", ")
  return [`(${header.join(", ")}) ->`, ...body, `  return ${results}`].join("\n")
}
