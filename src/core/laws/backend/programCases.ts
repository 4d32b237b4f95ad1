import * as ops from "../../program/index.ts"
import { type Program, Programs } from "../../program/index.ts"
import { Tensors } from "../../tensor/index.ts"
import type { Case } from "./Case.ts"

const x = ops.input("x", [2, 2])
const four = Tensors.f64([1, 2, 3, 4], [2, 2])

const twoInputs = (): Program => {
  const y = ops.input("y", [2, 2])
  return Programs.fromExprs({ sum: ops.add(x, y), first: ops.mul(x, 1) })
}

/** Whole programs by hand: what outputs, constants and names may be. */
export const programCases: ReadonlyArray<Case> = [
  {
    name: "program: an input is an output",
    program: Programs.fromExprs({ y: x }),
    feeds: { x: four },
    expected: { y: four }
  },
  {
    name: "program: one node is two outputs",
    program: Programs.fromExprs({ a: ops.neg(ops.input("x", [1])), b: ops.neg(ops.input("x", [1])) }),
    feeds: { x: Tensors.f64([3], [1]) },
    expected: { a: Tensors.f64([-3], [1]), b: Tensors.f64([-3], [1]) }
  },
  {
    name: "program: an output is also used further on",
    program: (() => {
      const a = ops.add(x, 1)
      return Programs.fromExprs({ a, b: ops.add(a, a) })
    })(),
    feeds: { x: four },
    expected: { a: Tensors.f64([2, 3, 4, 5], [2, 2]), b: Tensors.f64([4, 6, 8, 10], [2, 2]) }
  },
  {
    name: "program: no inputs at all",
    program: Programs.fromExprs({
      constant: ops.constant(four),
      full: ops.full([2, 1], 7),
      count: ops.full([2], 3, "i32"),
      no: ops.full([], 0, "bool")
    }),
    feeds: {},
    expected: {
      constant: four,
      full: Tensors.f64([7, 7], [2, 1]),
      count: Tensors.i32([3, 3], [2]),
      no: Tensors.bool([false], [])
    }
  },
  {
    name: "program: constants of every dtype",
    program: Programs.fromExprs({
      f: ops.constant(Tensors.f64([0.5, -2], [2])),
      i: ops.constant(Tensors.i32([5, -6], [2])),
      b: ops.constant(Tensors.bool([true, false], [2]))
    }),
    feeds: {},
    expected: { f: Tensors.f64([0.5, -2], [2]), i: Tensors.i32([5, -6], [2]), b: Tensors.bool([true, false], [2]) }
  },
  {
    name: "program: float feeds held in single or double precision",
    program: twoInputs(),
    feeds: { x: four, y: Tensors.f32([1, 1, 1, 1], [2, 2]) },
    expected: { sum: Tensors.f64([2, 3, 4, 5], [2, 2]), first: four }
  },
  {
    name: "program: names with spaces, slashes and dots",
    program: Programs.fromExprs({ "loss / total": ops.mul(ops.input("layers.0 q/k", [1]), 2) }),
    feeds: { "layers.0 q/k": Tensors.f64([4], [1]) },
    expected: { "loss / total": Tensors.f64([8], [1]) }
  },
  {
    name: "program: a scalar loss with its gradient written out",
    program: (() => {
      const w = ops.input("w", [2, 1])
      const error = ops.sub(ops.matMul(x, w), 1)
      return Programs.fromExprs({
        loss: ops.reshape(ops.sum(ops.mul(error, error)), []),
        gradient: ops.mul(ops.matMul(x, error, { transA: true }), 2)
      })
    })(),
    feeds: { x: four, w: Tensors.f64([1, -1], [2, 1]) },
    // errors are -2 and -2: loss 8, gradient 2 Xᵀ e = 2 (-2 - 6, -4 - 8).
    expected: { loss: Tensors.f64([8], []), gradient: Tensors.f64([-16, -24], [2, 1]) }
  }
]
