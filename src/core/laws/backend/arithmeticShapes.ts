import type { Expr } from "../../program/index.ts"
import * as ops from "../../program/index.ts"
import { type Shape, Shapes, type Tensor, Tensors } from "../../tensor/index.ts"
import { floats } from "../program/index.ts"
import type { Case } from "./Case.ts"
import { on } from "./shapeCase.ts"

/** Floats that are few and so often equal. */
const coarse = (name: string, shape: Shape): Tensor => {
  const { data } = floats(3, name, shape)
  return Tensors.f64(
    Float64Array.from(data, (x) => Math.round(2 * x)),
    shape
  )
}

/** Functions of one operand, in one program: each must see the same numbers, whatever their arrangement. */
const unary = (x: Expr) => ({
  exp: ops.exp(x),
  tanh: ops.tanh(x),
  sigmoid: ops.sigmoid(x),
  silu: ops.silu(x),
  softplus: ops.softplus(x),
  erf: ops.erf(x),
  clip: ops.clip(x, -0.5, 0.75),
  square: ops.pow(x, 2),
  less: ops.less(x, 0.25),
  whole: ops.cast(ops.mul(x, 100), "i32")
})

const elementwise: ReadonlyArray<Case> = (
  [[], [1], [1, 1, 1, 1, 1], [2, 0, 3], [3, 1, 5, 1], [1031], [2, 3, 1, 2, 5]] as ReadonlyArray<Shape>
).map((shape) => on(`functions of ${Shapes.print(shape)}`, [shape], unary))

const pairs: ReadonlyArray<readonly [Shape, Shape]> = [
  [[], [4]],
  [
    [1, 1],
    [7, 1]
  ],
  [
    [4, 1, 3],
    [1, 5, 3]
  ],
  [
    [2, 3, 1, 5],
    [1, 1, 4, 1]
  ],
  [
    [0, 3],
    [1, 3]
  ],
  [
    [1, 0],
    [5, 1]
  ],
  [
    [67, 1],
    [1, 129]
  ],
  [
    [2, 1, 2, 1, 2],
    [1, 3, 1, 3, 1]
  ]
]

const broadcasts: ReadonlyArray<Case> = pairs.map(([a, b]) =>
  on(`${Shapes.print(a)} with ${Shapes.print(b)}`, [a, b], (x, y) => ({
    add: ops.add(x!, y!),
    sub: ops.sub(x!, y!),
    max: ops.max(x!, y!),
    quotient: ops.div(x!, ops.add(ops.abs(y!), 1)),
    where: ops.where(ops.less(x!, y!), x!, y!),
    backwards: ops.sub(y!, x!)
  }))
)

const reductions: ReadonlyArray<Case> = [
  on("sums over no, single, neighbouring and separate axes", [[2, 3, 4, 5]], (x) => ({
    none: ops.sum(x!, []),
    first: ops.sum(x!, [0]),
    last: ops.sum(x!, [-1]),
    middle: ops.sum(x!, [1, 2]),
    apart: ops.sum(x!, [0, -2]),
    all: ops.sum(x!),
    most: ops.reduceMax(x!, [-3, -1]),
    mean: ops.mean(x!, [-4])
  })),
  on("sums of a scalar and of a single element", [[], [1, 1]], (x, y) => ({
    scalar: ops.sum(x!),
    one: ops.sum(y!, [-1])
  })),
  on("sums over many elements", [[3, 5003]], (x) => ({ rows: ops.sum(x!, [-1]), columns: ops.sum(x!, [0]) })),
  on(
    "sums over empty axes and beside them",
    [
      [0, 3],
      [2, 0]
    ],
    (x, y) => ({
      over: ops.sum(x!, [0]),
      beside: ops.sum(x!, [1]),
      all: ops.sum(y!)
    })
  ),
  on("running sums, forward and backward, on each axis", [[3, 4, 70]], (x) => ({
    first: ops.cumSum(x!, 0),
    middle: ops.cumSum(x!, -2, true),
    last: ops.cumSum(x!, -1),
    back: ops.cumSum(x!, 2, true)
  })),
  on("largest of equals, in rows of 1 and of 300", [coarse("a", [7, 300]), coarse("b", [5, 1])], (x, y) => ({
    at: ops.argMax(x!),
    only: ops.argMax(y!),
    ...Object.fromEntries(Object.entries(ops.topK(x!, 300)).map(([key, top]) => [`all ${key}`, top])),
    ...Object.fromEntries(Object.entries(ops.topK(x!, 7)).map(([key, top]) => [`some ${key}`, top]))
  }))
]

const products: ReadonlyArray<Case> = (
  [
    ["a row with a column", [1, 65], [65, 1]],
    ["a column with a row", [33, 1], [1, 17]],
    ["odd sizes", [67, 129], [129, 35]],
    ["no inner elements", [3, 0], [0, 5]],
    ["no rows", [0, 4], [4, 3]],
    ["batches, one of them repeated", [3, 1, 4, 5], [1, 2, 5, 6]],
    ["five axes", [2, 1, 2, 3, 4], [2, 1, 2, 4, 3]]
  ] as ReadonlyArray<readonly [string, Shape, Shape]>
).flatMap(([name, a, b]) => {
  const turned = (s: Shape): Shape => [...s.slice(0, -2), s[s.length - 1]!, s[s.length - 2]!]
  return [
    on(`product of ${name}`, [a, b], (x, y) => ops.matMul(x!, y!, { alpha: 0.5 })),
    on(`product of ${name}, both stored the other way`, [turned(a), turned(b)], (x, y) =>
      ops.matMul(x!, y!, { transA: true, transB: true })
    )
  ]
})

const composites: ReadonlyArray<Case> = [
  on(
    "softmax of long rows, of one column and of a turned matrix",
    [
      [3, 4099],
      [5, 1],
      [6, 4]
    ],
    (long, one, turned) => ({
      long: ops.softmax(ops.mul(long!, 5)),
      log: ops.logSoftmax(long!),
      one: ops.softmax(one!),
      turned: ops.logSoftmax(ops.transpose(turned!, [1, 0]))
    })
  ),
  on(
    "norms of long rows, of one column and of five axes",
    [[3, 2050], [2050], [4, 1], [1], [2, 1, 2, 1, 6]],
    (x, w, y, v, z) => ({
      long: ops.rmsNorm(x!, w!, 1e-6),
      one: ops.rmsNorm(y!, v!, 1e-6),
      scale: ops.rmsScale(z!, 1e-6)
    })
  ),
  on(
    "attention of one query, over one key and over many",
    [
      [2, 1, 1],
      [2, 1, 3],
      [2, 3, 1, 130],
      [2, 1, 130, 4]
    ],
    (s, v, many, values) => ({
      one: ops.attend(s!, v!),
      many: ops.attend(many!, values!)
    })
  )
]

/** Arithmetic on scalars, on no elements, on one to five axes, beyond a block of threads. */
export const arithmeticShapes: ReadonlyArray<Case> = [
  ...elementwise,
  ...broadcasts,
  ...reductions,
  ...products,
  ...composites
]
