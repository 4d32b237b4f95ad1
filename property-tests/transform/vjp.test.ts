import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { evaluate } from "../../src/core/kernel/index.ts"
import { anyProgram } from "../../src/core/laws/program/index.ts"
import { add, cast, type Expr, gather, input, mul, named, Programs, silu, sum } from "../../src/core/program/index.ts"
import { Tensors } from "../../src/core/tensor/index.ts"
import { grad, jvp, vjp } from "../../src/core/transform/index.ts"
import { adjoint, gradient, secondGradient } from "./laws.ts"

const values = (outputs: Readonly<Record<string, Expr>>, feeds: Parameters<typeof evaluate>[1]) =>
  Object.fromEntries(
    Object.entries(evaluate(Programs.fromExprs(outputs), feeds)).map(([name, t]) => [name, Array.from(t.data)])
  )

describe("vjp", () => {
  it("law: vjp is the adjoint of jvp", () =>
    fc.assert(fc.property(anyProgram("any"), adjoint), { seed: 42, numRuns: 1500 }))

  it("law: gradients are what central differences say", () =>
    fc.assert(fc.property(anyProgram("smooth"), gradient), { seed: 42, numRuns: 1500 }))

  it("law: gradients of gradients are what central differences say", () =>
    fc.assert(fc.property(anyProgram("smooth", 6), secondGradient), { seed: 42, numRuns: 1000 }))

  it("edge: what no path leads to gets zeros of its shape", () => {
    const [x, y] = [input("x", [2]), input("y", [2, 1])]
    expect(values({ g: grad(sum(x), [y])[0]! }, {})).toEqual({ g: [0, 0] })
  })

  it("edge: inputs of one name are one variable", () => {
    const loss = sum(mul(input("x", [2]), input("x", [2])))
    expect(values({ g: grad(loss, [input("x", [2])])[0]! }, { x: Tensors.f64([3, 5], [2]) })).toEqual({ g: [6, 10] })
  })

  it("edge: an intermediate is a variable too, and gradients flow on through it", () => {
    const x = input("x", [1])
    const y = mul(x, 2)
    const [gx, gy] = grad(sum(mul(y, y)), [x, y])
    expect(values({ gx: gx!, gy: gy! }, { x: Tensors.f64([3], [1]) })).toEqual({ gx: [24], gy: [12] })
  })

  it("edge: a chain of 20 000 nodes differentiates without recursion", () => {
    const x = input("x", [1])
    let y: Expr = x
    for (let i = 0; i < 20_000; i++) y = add(y, x)
    expect(values({ g: grad(y, [x])[0]! }, { x: Tensors.f64([1], [1]) })).toEqual({ g: [20_001] })
  })

  it("edge: reverse mode shares the forward pass instead of repeating it", () => {
    const x = input("x", [4])
    let y: Expr = x
    for (let i = 0; i < 50; i++) y = silu(mul(y, y))
    const { nodes } = Programs.fromExprs({ y, g: grad(sum(y), [x])[0]! })
    expect(nodes.filter((n) => n.op._tag === "Silu")).toHaveLength(50)
    expect(nodes.length).toBeLessThan(50 * 14)
  })

  it("error: a loss with several elements, a cotangent of another shape, integers", () => {
    const [x, ids] = [named("weights", input("x", [2, 3])), input("ids", [2], "i32")]
    expect(() => grad(x, [x])).toThrow("grad(weights: f32[2,3]): a loss has one element; reduce it.")
    expect(() => vjp([x], [input("g", [3])], [x])).toThrow(
      'vjp(weights: f32[2,3], "g": f32[3]): each output needs a cotangent of its own shape.'
    )
    expect(() => grad(sum(gather(x, ids)), [ids])).toThrow('vjp("ids": i32[2]): only floats have derivatives.')
    expect(() => jvp([cast(x, "i32")], [x], [x])).toThrow("only floats have derivatives.")
  })
})
