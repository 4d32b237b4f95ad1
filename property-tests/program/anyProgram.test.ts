import { Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { evaluate } from "../../src/core/kernel/index.ts"
import { anyProgram, type Sample } from "../../src/core/laws/program/index.ts"
import { Programs, print } from "../../src/core/program/index.ts"
import { check } from "../../src/core/transform/index.ts"

const wellTyped = ({ program }: Sample): boolean => Result.isSuccess(check(program))

const moderate = ({ program, feeds }: Sample): boolean =>
  Object.values(evaluate(program, feeds)).every((t) => t.data.every((v) => Math.abs(v) < 1e6))

describe("anyProgram", () => {
  it("law: every program is well-typed and its values are finite and of moderate size", () =>
    fc.assert(
      fc.property(anyProgram(), (s) => wellTyped(s) && moderate(s)),
      { seed: 42, numRuns: 300 }
    ))

  it("law: shrinking keeps programs well-typed", () => {
    const kept: Array<Sample> = []
    // A property that fails for all but the smallest programs walks the shrinker.
    fc.check(
      fc.property(anyProgram(), (s) => {
        kept.push(s)
        return s.program.nodes.length < 4
      }),
      { seed: 42, numRuns: 20 }
    )
    expect(kept.length).toBeGreaterThan(20)
    expect(kept.every((s) => wellTyped(s) && moderate(s))).toBe(true)
    expect(Math.min(...kept.filter((s) => s.program.nodes.length >= 4).map((s) => s.program.nodes.length))).toBe(4)
  })

  it("law: equal seeds give equal programs", () => {
    const shown = () => fc.sample(anyProgram(), { seed: 7, numRuns: 30 }).map((s) => print(s.program))
    expect(shown()).toEqual(shown())
  })

  it("law: every op occurs", () => {
    const tags = fc
      .sample(anyProgram(), { seed: 42, numRuns: 600 })
      .flatMap((s) => s.program.nodes.map((n) => n.op._tag))
    expect([...new Set(tags)].sort()).toEqual(
      [
        ...[
          "Abs",
          "Add",
          "And",
          "ArgMax",
          "Attend",
          "Cast",
          "Clip",
          "Concat",
          "Constant",
          "Cos",
          "CumSum",
          "Dequantize",
          "Div"
        ],
        ...["Equal", "Erf", "Exp", "Expand", "Full", "Gather", "GatherElements", "Greater", "Input", "Less", "Log"],
        ...["LogSoftmax", "MatMul", "Max", "Min", "Mul", "Neg", "Not", "Or", "Pad", "Pow", "Reciprocal", "ReduceMax"],
        ...["ReduceSum", "Relu", "Reshape", "RmsNorm", "RmsScale", "ScatterElements", "ScatterRows", "Sigmoid", "Sign"],
        ...["Silu", "Sin", "Slice", "Softmax", "Softplus", "Sqrt", "StopGradient", "Sub", "Tanh", "TopKIndices"],
        ...["TopKValues", "Transpose", "Where"]
      ].sort()
    )
  })
})

describe("print", () => {
  it("law: a program prints the same after it became expressions and a program again", () =>
    fc.assert(
      fc.property(anyProgram(), ({ program }) => {
        const again = Programs.fromExprs(Programs.toExprs(program).outputs)
        return print(again) === print(program)
      }),
      { seed: 42, numRuns: 200 }
    ))
})
