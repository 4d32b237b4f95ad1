import { describe, expect, it } from "vitest"
import { evaluate } from "../../src/core/kernel/index.ts"
import * as ops from "../../src/core/program/index.ts"
import { type Expr, Programs } from "../../src/core/program/index.ts"
import { Tensors } from "../../src/core/tensor/index.ts"
import { type Culprit, firstNonFinite, tap } from "../../src/core/transform/index.ts"

const x = ops.input("x", [3])

const culprit = (y: Expr, ...values: ReadonlyArray<number>): Culprit | undefined => {
  const program = Programs.fromExprs({ y })
  return firstNonFinite(program, evaluate(tap(program), { x: Tensors.f64(values, [3]) }))
}

describe("firstNonFinite", () => {
  it("golden: names the node that made the first NaN, not those it spread to", () => {
    const root = ops.named("root", ops.sqrt(ops.sub(x, 1)))
    expect(culprit(ops.sum(ops.exp(root)), 2, 0, 5)).toEqual({
      node: 3,
      op: "Sqrt",
      name: "root",
      value: NaN,
      index: 1
    })
  })

  it("golden: an overflow is found before the NaN that it turns into", () => {
    const big = ops.exp(x)
    expect(culprit(ops.sub(big, big), 0, 1, 1000)).toMatchObject({ node: 1, op: "Exp", value: Infinity, index: 2 })
  })

  it("edge: infinities that a mask brings in are meant", () => {
    const masked = ops.add(x, ops.constant(Tensors.f64([0, -Infinity, 0], [3])))
    expect(culprit(ops.softmax(masked), 1, 2, 3)).toBeUndefined()
  })

  it("edge: a NaN behind a mask of infinities is found", () => {
    const masked = ops.add(x, ops.constant(Tensors.f64([0, -Infinity, 0], [3])))
    expect(culprit(ops.mul(masked, ops.cast(ops.greater(x, 2), "f32")), 1, 2, 3)).toMatchObject({ op: "Mul", index: 1 })
  })

  it("edge: a NaN that was fed is named by its input; finite programs have no culprit", () => {
    expect(culprit(ops.exp(x), 0, NaN, 0)).toMatchObject({ node: 0, op: "Input", name: "x" })
    expect(culprit(ops.exp(x), 0, 1, 2)).toBeUndefined()
  })
})
