import type { Expr } from "../../program/index.ts"
import * as ops from "../../program/index.ts"
import { Shapes, Tensors } from "../../tensor/index.ts"
import { elementwise, integers } from "./elementwiseMakers.ts"
import { at, axisOf, below, fitted, last, type Maker, operand, type Pick, ranked, tame } from "./growth.ts"

const larger = (a: number, b: number): number => Math.max(a, b)

const rowwise = (name: string, f: (x: Expr) => Expr, bound: (b: number, d: number) => number): Maker => ({
  name,
  kind: "smooth",
  make: (pool, { a }) => {
    const x = ranked(tame(operand(pool.f32, a), 4), 1)
    return { x: f(x.x), bound: bound(x.bound, last(x.x)) }
  }
})

const movement = (name: string, f: (x: Expr, pick: Pick) => Expr): Maker => ({
  name,
  kind: "smooth",
  make: (pool, pick) => {
    const { x, bound } = operand(pick.b % 5 === 4 ? pool.i32 : pool.f32, pick.a)
    return { x: f(x, pick), bound }
  }
})

/** The axes whose bit is set. */
const someAxes = (x: Expr, n: number): ReadonlyArray<number> =>
  x.shape.flatMap((_, i) => ((n >> i) % 2 === 0 ? [i] : []))

const reductions: ReadonlyArray<Maker> = [
  {
    name: "ReduceSum",
    kind: "smooth",
    make: (pool, { a, n }) => {
      const x = operand(pool.f32, a)
      const y = ops.sum(x.x, someAxes(x.x, n))
      return { x: y, bound: x.bound * Math.max(1, Shapes.size(x.x.shape) / Shapes.size(y.shape)) }
    }
  },
  {
    name: "ReduceMax",
    kind: "continuous",
    make: (pool, { a, n }) => {
      const { x, bound } = operand(pool.f32, a)
      return { x: ops.reduceMax(x, someAxes(x, n)), bound }
    }
  },
  {
    name: "CumSum",
    kind: "smooth",
    make: (pool, { a, b, n }) => {
      const x = ranked(operand(pool.f32, a), 1)
      const axis = axisOf(x.x, n)
      return { x: ops.cumSum(x.x, axis, b % 2 === 1), bound: x.bound * x.x.shape[axis]! }
    }
  },
  {
    name: "ArgMax",
    kind: "any",
    make: (pool, { a }) => {
      const { x } = ranked(operand(pool.f32, a), 1)
      return { x: ops.argMax(x), bound: last(x) }
    }
  },
  {
    name: "TopKValues",
    kind: "continuous",
    make: (pool, { a, n }) => {
      const { x, bound } = ranked(operand(pool.f32, a), 1)
      return { x: ops.topK(x, 1 + (n % last(x))).values, bound }
    }
  },
  {
    name: "TopKIndices",
    kind: "any",
    make: (pool, { a, n }) => {
      const { x } = ranked(operand(pool.f32, a), 1)
      return { x: ops.topK(x, 1 + (n % last(x))).indices, bound: last(x) }
    }
  }
]

const movements: ReadonlyArray<Maker> = [
  movement("Reshape", (x, { n }) => {
    const size = Shapes.size(x.shape)
    return ops.reshape(x, at([[size], [1, size], [size, 1], size % 2 === 0 ? [2, size / 2] : [1, 1, size]], n))
  }),
  movement("Transpose", (x, { n }) => {
    const axes = x.shape.map((_, i) => i)
    return ops.transpose(x, n % 2 === 0 ? axes.reverse() : [...axes.slice(1), ...axes.slice(0, 1)])
  }),
  movement("Expand", (x, { n }) =>
    x.shape.length === 0
      ? ops.expand(x, [1 + (n % 2), 2])
      : ops.expand(
          x,
          x.shape.map((d, i) => (d === 1 && (n >> i) % 2 === 0 ? 2 : d))
        )
  ),
  movement("Slice", (y, { n, c }) => {
    const x = y.shape.length === 0 ? ops.reshape(y, [1]) : y
    const axis = axisOf(x, c)
    const d = x.shape[axis]!
    const start = n % d
    return ops.slice(x, axis, start, start + 1 + (c % (d - start)))
  }),
  movement("Pad", (y, { n, c }) => {
    const x = y.shape.length === 0 ? ops.reshape(y, [1]) : y
    return ops.pad(x, axisOf(x, c), n % 3, (n + 1) % 2)
  }),
  {
    name: "Concat",
    kind: "smooth",
    make: (pool, { a, b, n }) => {
      const x = ranked(operand(pool.f32, a), 1)
      const y = fitted(operand(pool.f32, b), x.x.shape)
      return { x: ops.concat([x.x, y.x, x.x].slice(0, 2 + (n % 2)), axisOf(x.x, n)), bound: larger(x.bound, y.bound) }
    }
  }
]

/** A product, with its operands stored either way round. */
const matMul: Maker = {
  name: "MatMul",
  kind: "smooth",
  make: (pool, { a, b, c, n }) => {
    const x = ranked(tame(operand(pool.f32, a), 4), 2)
    const [transA, transB] = [n % 2 === 1, c % 2 === 1]
    const alpha = at([1, 0.5, -2], n)
    const [rows, columns] = x.x.shape.slice(-2) as [number, number]
    const [inner, outer] = [transA ? rows : columns, 1 + (n % 3)]
    const batch = x.x.shape.slice(0, -2).map((d, i) => ((c >> i) % 2 === 0 ? d : 1))
    const y = fitted(tame(operand(pool.f32, b), 4), [...batch, ...(transB ? [outer, inner] : [inner, outer])])
    return { x: ops.matMul(x.x, y.x, { transA, transB, alpha }), bound: 2 * inner * x.bound * y.bound }
  }
}

const indexing: ReadonlyArray<Maker> = [
  {
    name: "Gather",
    kind: "smooth",
    make: (pool, { a, b }) => {
      const { x, bound } = operand(pool.f32, a)
      const table = x.shape.length === 2 ? x : ops.reshape(x, [-1, x.shape.length === 0 ? 1 : last(x)])
      return { x: ops.gather(table, below(operand(pool.i32, b), table.shape[0]!)), bound }
    }
  },
  {
    name: "ScatterRows",
    kind: "smooth",
    make: (pool, { a, b, n }) => {
      const ids = operand(pool.i32, b)
      const updates = fitted(operand(pool.f32, a), [...ids.x.shape, 2])
      const rows = 1 + (n % 4)
      return {
        x: ops.scatterRows(below(ids, rows), updates.x, rows),
        bound: updates.bound * Shapes.size(ids.x.shape)
      }
    }
  },
  {
    name: "GatherElements",
    kind: "smooth",
    make: (pool, { a, b, n }) => {
      const { x, bound } = ranked(operand(pool.f32, a), 1)
      const ids = fitted(operand(pool.i32, b), [...x.shape.slice(0, -1), 1 + (n % 3)])
      return { x: ops.gatherElements(x, below(ids, last(x))), bound }
    }
  },
  {
    name: "ScatterElements",
    kind: "smooth",
    make: (pool, { a, b, n }) => {
      const { x, bound } = ranked(operand(pool.f32, a), 1)
      const size = 1 + (n % 4)
      return {
        x: ops.scatterElements(below(fitted(operand(pool.i32, b), x.shape), size), x, size),
        bound: bound * last(x)
      }
    }
  }
]

const composites: ReadonlyArray<Maker> = [
  rowwise("Softmax", ops.softmax, () => 1),
  rowwise("LogSoftmax", ops.logSoftmax, (b, d) => 2 * b + Math.log(d)),
  rowwise(
    "RmsScale",
    (x) => ops.rmsScale(x, 0.1),
    () => 4
  ),
  {
    name: "RmsNorm",
    kind: "smooth",
    make: (pool, { a, b }) => {
      const x = ranked(tame(operand(pool.f32, a), 4), 1)
      const weight = fitted(tame(operand(pool.f32, b), 4), [last(x.x)])
      return { x: ops.rmsNorm(x.x, weight.x, 0.1), bound: weight.bound * Math.sqrt(last(x.x)) }
    }
  },
  {
    name: "Dequantize",
    kind: "smooth",
    make: (pool, { a, b, n }) => {
      const [N, blocks] = [1 + (n % 2), 1 + (b % 3)]
      const scales = fitted(tame(operand(pool.f32, a), 1), [N, blocks])
      const words = (count: number) => Array.from({ length: count }, (_, i) => Math.imul(0x9e3779b1, n + b + i + 1))
      const codes = ops.constant(Tensors.i32(words(N * blocks), [N, blocks]))
      const zeros = ops.constant(Tensors.i32(words(ops.zeroWords(N, blocks)), [ops.zeroWords(N, blocks)]))
      const y = ops.dequantize(codes, scales.x, zeros, { block: 8, width: 8 * blocks - (n % 8) })
      return { x: y, bound: 15 * scales.bound }
    }
  },
  {
    name: "Attend",
    kind: "smooth",
    make: (pool, { a, b, c, n }) => {
      const scores = ranked(tame(operand(pool.f32, a), 4), 2)
      const batch = scores.x.shape.slice(0, -2).map((d, i) => ((c >> i) % 2 === 0 ? d : 1))
      const values = fitted(operand(pool.f32, b), [...batch, last(scores.x), 1 + (n % 3)])
      return { x: ops.attend(scores.x, values.x), bound: values.bound }
    }
  }
]

/** All makers, simplest first. */
export const makers: ReadonlyArray<Maker> = [
  ...elementwise,
  ...reductions,
  ...movements,
  matMul,
  ...indexing,
  ...composites,
  ...integers
]
