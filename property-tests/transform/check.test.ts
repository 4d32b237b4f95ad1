import { Result } from "effect"
import { describe, expect, it } from "vitest"
import type { Node, Program } from "../../src/core/program/index.ts"
import { check } from "../../src/core/transform/index.ts"

const x: Node = { op: { _tag: "Input", name: "x" }, args: [], shape: [2, 3], dtype: "f32" }

/** `x`, then the node under test as the only output. */
const broken = (node: Node): Program => ({ nodes: [x, node], outputs: [{ name: "y", node: 1 }] })

const reason = (program: Program): string =>
  Result.match(check(program), { onFailure: (e) => e.message, onSuccess: () => "well-typed" })

describe("check", () => {
  const neg: Node = { op: { _tag: "Neg" }, args: [0], shape: [2, 3], dtype: "f32" }

  it("golden: a well-typed program passes", () => expect(reason(broken(neg))).toBe("well-typed"))

  it.each<readonly [claim: string, program: Program, message: string]>([
    ["a wrong shape", broken({ ...neg, shape: [3, 2] }), "%1 Neg is said to be f32[3,2], but is f32[2,3]."],
    ["a wrong dtype", broken({ ...neg, dtype: "i32" }), "%1 Neg is said to be i32[2,3], but is f32[2,3]."],
    ["a size below zero", broken({ ...x, shape: [-1] }), "%1 Input has the shape [-1]."],
    ["an operand too many", broken({ ...neg, args: [0, 0] }), "%1 Neg takes another number of operands than 2."],
    ["an operand that comes later", broken({ ...neg, args: [1] }), "%1 Neg uses %1, which is not computed before it."],
    [
      "operands that do not fit",
      broken({ op: { _tag: "And" }, args: [0, 0], shape: [2, 3], dtype: "bool" }),
      'And("x": f32[2,3], "x": f32[2,3]): operands must be bool'
    ],
    [
      "parameters out of range",
      broken({ op: { _tag: "Slice", axis: 1, start: 2, end: 4 }, args: [0], shape: [2, 2], dtype: "f32" }),
      'Slice("x": f32[2,3]): [2, 4) is outside axis 1 of size 3.'
    ],
    [
      "parameters that are not in normal form",
      broken({ op: { _tag: "ReduceSum", axes: [-1] }, args: [0], shape: [2, 1], dtype: "f32" }),
      'has the parameters {"_tag":"ReduceSum","axes":[-1]}, whose normal form is {"_tag":"ReduceSum","axes":[1]}.'
    ],
    ["one input twice", { nodes: [x, x], outputs: [{ name: "y", node: 1 }] }, 'input "x" occurs twice.'],
    [
      "an output that is nowhere",
      { nodes: [x], outputs: [{ name: "y", node: 3 }] },
      'output "y" is %3, which does not'
    ],
    [
      "one output name twice",
      {
        nodes: [x],
        outputs: [
          { name: "y", node: 0 },
          { name: "y", node: 0 }
        ]
      },
      'output "y" occurs twice.'
    ],
    ["no outputs", { nodes: [x], outputs: [] }, "it has no outputs."]
  ])("error: %s", (_, program, message) => expect(reason(program)).toContain(message))
})
