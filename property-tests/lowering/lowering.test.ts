import { Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { evaluate } from "../../src/core/kernel/index.ts"
import {
  keepsOrder,
  operands,
  type Plan,
  plan,
  type Rules,
  type View,
  withoutEmpties
} from "../../src/core/lowering/index.ts"
import * as ops from "../../src/core/program/index.ts"
import { Programs } from "../../src/core/program/index.ts"
import { Shapes, Tensors } from "../../src/core/tensor/index.ts"

const settings = { seed: 42, numRuns: 300 }

describe("keepsOrder", () => {
  it("law: exactly the transpositions that move no element are reshapes", () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }), fc.nat(), (shape, seed) => {
        const order = (axis: number) => Math.sin((axis + 1) * (seed + 1))
        const perm = shape.map((_, axis) => axis).sort((a, b) => order(a) - order(b))
        const x = Array.from({ length: Shapes.size(shape) }, (_, i) => i)
        const program = Programs.fromExprs({ y: ops.transpose(ops.input("x", shape), perm) })
        const { y } = evaluate(program, { x: Tensors.f64(x, shape) })
        expect(keepsOrder(shape, perm)).toBe(x.every((value, i) => y!.data[i] === value))
      }),
      settings
    ))
})

/** The operands of the last operation: names of inputs, and numbers. */
const taken = (y: ops.Expr): ReadonlyArray<string | number> => {
  const { nodes, outputs } = Programs.fromExprs({ y })
  const { args, each } = operands(nodes, nodes[outputs[0]!.node]!)
  const names = args.map((a) => {
    const { op } = nodes[a]!
    return op._tag === "Input" ? op.name : op._tag
  })
  return each<string | number>(names, (value) => value)
}

describe("operands", () => {
  const [x, row] = [ops.input("x", [2, 3]), ops.input("row", [1, 3])]

  it("golden: what another operand spans is neither expanded nor filled", () => {
    expect(taken(ops.mul(x, ops.expand(row, [2, 3])))).toEqual(["x", "row"])
    expect(taken(ops.sub(ops.full([2, 3], 5), x))).toEqual([5, "x"])
  })

  it("edge: of two that could shrink the first does, and the other keeps the shape", () => {
    expect(taken(ops.add(ops.full([2, 3], 5), ops.full([2, 3], 6)))).toEqual([5, "Full"])
    expect(taken(ops.add(ops.expand(row, [2, 3]), ops.expand(ops.input("other", [1, 3]), [2, 3])))).toEqual([
      "row",
      "Expand"
    ])
  })

  it("edge: columns and rows together span what neither does alone", () => {
    const column = ops.expand(ops.input("column", [2, 1]), [2, 3])
    expect(taken(ops.add(column, ops.expand(row, [2, 3])))).toEqual(["column", "row"])
  })
})

describe("withoutEmpties", () => {
  const nothing = ops.input("nothing", [0, 3])
  const x = ops.input("x", [2, 3])
  const program = Programs.fromExprs({
    joined: ops.concat([nothing, x, ops.mul(nothing, 2)], 0),
    sum: ops.sum(ops.exp(nothing), [0]),
    product: ops.matMul(ops.transpose(nothing, [1, 0]), nothing),
    empty: ops.neg(nothing)
  })
  const feeds = { nothing: Tensors.f64([], [0, 3]), x: Tensors.f64([1, 2, 3, 4, 5, 6], [2, 3]) }

  it("law: nothing is computed with or into an empty tensor, and every output is as it was", () => {
    const without = withoutEmpties(program)
    expect(evaluate(without, feeds)).toEqual(evaluate(program, feeds))
    const empty = (id: number) => Shapes.size(without.nodes[id]!.shape) === 0
    const computed = without.nodes.filter(({ op }) => op._tag !== "Input" && op._tag !== "Constant")
    expect(computed.filter(({ shape, args }) => Shapes.size(shape) === 0 || args.some(empty))).toEqual([])
  })
})

interface Text extends Plan {
  readonly text: string
}

const named: Partial<Rules<Text>> = {
  Exp: ({ node }) => ({ args: node.args, text: "exp" }),
  Neg: ({ view, node }) => {
    const inner = view.nodes[node.args[0]!]!
    return inner.op._tag === "Exp" ? { args: inner.args, text: "neg exp" } : { args: node.args, text: "neg" }
  }
}

describe("plan", () => {
  const planned = (program: ops.Program, values: ReadonlyArray<number> = []) =>
    Result.map(
      plan<Text, View>(program, {
        backend: "text",
        rules: named as Rules<Text>,
        values,
        see: (view) => view
      }),
      ({ plans }) => [...plans].map(([id, { text }]) => [id, text])
    )
  const program = Programs.fromExprs({ y: ops.neg(ops.exp(ops.input("x", [2]))) })

  it("golden: what a plan takes in is not computed apart, unless somebody asks for it", () => {
    expect(Result.getOrThrow(planned(program))).toEqual([[2, "neg exp"]])
    expect(Result.getOrThrow(planned(program, [1]))).toEqual([
      [1, "exp"],
      [2, "neg exp"]
    ])
  })

  it("error: an operation without a rule is named with its node", () => {
    const found = planned(Programs.fromExprs({ y: ops.exp(ops.abs(ops.input("x", [2]))) }))
    expect(Result.isFailure(found) && found.failure).toMatchObject({ backend: "text", op: "Abs", node: 1 })
  })
})
