import { type Shape, Shapes } from "../../../../core/tensor/index.ts"
import type { Plan, Rule, View } from "../Plan.ts"
import { Body } from "./Body.ts"
import { grow } from "./grow.ts"
import { fold, type LanesFor, lane, launch, shared } from "./launch.ts"
import { functions } from "./scalars.ts"

/** The row-major index within `shape` of the i-th element of the axes chosen, counted over those alone. */
const along = (i: string, shape: Shape, chosen: (axis: number) => boolean): string => {
  const strides = Shapes.strides(shape)
  const axes = shape.map((d, axis) => ({ d, axis })).filter(({ d, axis }) => chosen(axis) && d > 1)
  let inner = 1
  const terms: Array<string> = []
  for (const { d, axis } of axes.reverse()) {
    const whole = inner === 1 ? i : `(${i} / ${inner})`
    terms.push(`${axis === axes[axes.length - 1]!.axis ? whole : `(${whole} % ${d})`} * ${strides[axis]}`)
    inner *= d
  }
  return terms.length === 0 ? "0" : terms.join(" + ")
}

const joins = {
  Sum: { start: "0", join: (a: string, b: string) => `${a} + ${b}` },
  Max: { start: "-uniforms.INFINITY", join: (a: string, b: string) => `rf_max(${a}, ${b})` }
} as const

/** Folds axes in one shader, with the operations on single elements that lead to what is folded. */
const reduction =
  (kind: keyof typeof joins, lanesFor: LanesFor) =>
  (view: View, id: number, axes: ReadonlyArray<number>): Plan => {
    const node = view.nodes[id]!
    const arg = node.args[0]!
    const { shape, dtype } = view.nodes[arg]!
    const results = Shapes.size(node.shape)
    const length = Shapes.size(shape) / results
    // Integers have no shared space: few are ever summed.
    const lanes = dtype === "f32" ? lanesFor(length) : 1
    const group = grow(view, [arg], id)
    const body = new Body(view, group)
    const x = body.value(arg, "i")
    const { start, join } = joins[kind]
    const zero = dtype === "f32" ? (kind === "Sum" ? "0f" : start) : "0"
    const lines = [
      ...lane(lanes, results),
      `let base = ${along("o", shape, (axis) => !axes.includes(axis))};`,
      `var total = ${zero};`,
      `for (var r = first; r < ${length}; r += ${lanes}) {`,
      `let i = base + ${along("r", shape, (axis) => axes.includes(axis))};`,
      ...body.lines,
      `total = ${join("total", x)};`,
      "}",
      ...fold("total", lanes, join),
      lanes === 1 ? "result[o] = total;" : "if (localIndex == 0u) { result[o] = total; }"
    ]
    return {
      args: group.leaves,
      run: (k, xs) =>
        launch(k, node, xs, { head: functions + shared(lanes), body: lines, invocations: results * lanes })
    }
  }

/** The rules of reductions. */
export const reductions = (
  lanesFor: LanesFor
): { readonly ReduceSum: Rule<"ReduceSum">; readonly ReduceMax: Rule<"ReduceMax"> } => {
  const [sum, largest] = [reduction("Sum", lanesFor), reduction("Max", lanesFor)]
  return {
    ReduceSum: ({ view, id, op }) => sum(view, id, op.axes),
    ReduceMax: ({ view, id, op }) => largest(view, id, op.axes)
  }
}
