import type { Expr } from "../../program/index.ts"
import * as ops from "../../program/index.ts"
import { Programs } from "../../program/index.ts"
import { type Shape, Shapes, type Tensor, Tensors } from "../../tensor/index.ts"
import { floats } from "../program/index.ts"
import type { Case } from "./Case.ts"

/** Ids below a limit, spread over it, some of them twice. */
const idsBelow = (limit: number, shape: Shape): Tensor =>
  Tensors.i32(
    Array.from({ length: Shapes.size(shape) }, (_, i) => (i * 7 + (i % 3)) % limit),
    shape
  )

/** Floats that are few and so often equal. */
const coarse = (name: string, shape: Shape): Tensor => {
  const { data } = floats(3, name, shape)
  return Tensors.f64(
    Float64Array.from(data, (x) => Math.round(2 * x)),
    shape
  )
}

type Build = (...inputs: ReadonlyArray<Expr>) => Expr | Readonly<Record<string, Expr>>

/** A case on tensors that are fed in this order; shapes stand for random floats. */
const on = (name: string, operands: ReadonlyArray<Shape | Tensor>, build: Build): Case => {
  const given = operands.map((operand, i): readonly [string, Tensor] => [
    `x${i}`,
    "dtype" in operand ? operand : floats(1, `x${i}`, operand)
  ])
  const built = build(...given.map(([key, { shape, dtype }]) => ops.input(key, shape, dtype)))
  return {
    name: `shapes: ${name}`,
    program: Programs.fromExprs("op" in built ? { y: built as Expr } : built),
    feeds: Object.fromEntries(given)
  }
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

const movements: ReadonlyArray<Case> = [
  on("views of views", [[4, 6, 5]], (x) => {
    const turned = ops.transpose(x!, [2, 0, 1])
    const part = ops.slice(turned, -1, 1, 5)
    return {
      part,
      rows: ops.reshape(part, [20, 4]),
      twice: ops.add(part, ops.slice(turned, 2, 2, 6)),
      sums: ops.sum(ops.transpose(part, [1, 2, 0]), [-1]),
      product: ops.matMul(part, ops.transpose(part, [0, 2, 1]))
    }
  }),
  on("five axes in another order", [[2, 3, 1, 4, 5]], (x) => ops.transpose(x!, [4, 1, 3, 0, 2])),
  on("a view as a table, and as ids", [[5, 3], idsBelow(5, [2, 3])], (table, ids) => ({
    columns: ops.gather(ops.transpose(table!, [1, 0]), ops.min(ops.slice(ids!, 1, 0, 2), 2)),
    turned: ops.gather(table!, ops.transpose(ids!, [1, 0]))
  })),
  on("repeats, and reductions of repeats", [[3, 1, 2], []], (x, y) => {
    const wide = ops.expand(x!, [3, 4, 2])
    return { wide, back: ops.sum(wide, [1]), scalar: ops.expand(y!, [2, 3]), turned: ops.transpose(wide, [1, 2, 0]) }
  }),
  on(
    "joins of many, of empty ones and of one",
    [
      [2, 1],
      [2, 0],
      [2, 3]
    ],
    (a, b, c) => ({
      many: ops.concat([a!, b!, c!, a!, c!, b!, a!], -1),
      one: ops.concat([c!], 0),
      rows: ops.concat([c!, c!, c!], 0)
    })
  ),
  on("zeros around, on each axis", [[2, 3, 4]], (x) =>
    Object.fromEntries([0, 1, 2].map((axis) => [`axis ${axis}`, ops.pad(x!, axis - 3, axis, 2)]))
  ),
  on("empty parts", [[2, 3]], (x) => ({
    none: ops.slice(x!, -1, 1, 1),
    shape: ops.reshape(ops.slice(x!, 0, 2, 2), [3, 0])
  }))
]

const indices: ReadonlyArray<Case> = [
  on(
    "rows of a table of one row, and of a long table",
    [
      [1, 4],
      [999, 3]
    ],
    (short, long) => ({
      short: ops.gather(short!, ops.constant(Tensors.i32([0, 0, 0], [3]))),
      long: ops.gather(long!, ops.constant(idsBelow(999, [5, 2, 3])))
    })
  ),
  on(
    "sums of many rows into few, and of few into many",
    [[600, 3], idsBelow(7, [600]), idsBelow(5000, [2, 300])],
    (x, few, many) => ({
      few: ops.scatterRows(few!, x!, 7),
      many: ops.scatterRows(many!, ops.reshape(x!, [2, 300, 3]), 5000)
    })
  ),
  on("elements at ids, and back", [[2, 3, 50], idsBelow(50, [2, 3, 8]), idsBelow(9, [2, 3, 50])], (x, at, into) => ({
    taken: ops.gatherElements(x!, at!),
    summed: ops.scatterElements(into!, x!, 9)
  })),
  on("no ids", [[4, 3], Tensors.i32([], [0])], (x, none) => ({
    rows: ops.gather(x!, none!),
    summed: ops.scatterRows(none!, ops.slice(x!, 0, 0, 0), 2)
  }))
]

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

const numbers: ReadonlyArray<Case> = [
  on(
    "integers beyond 24 bits",
    [Tensors.i32([16777217, -16777219, 2147483647, -2147483648, 123456789], [5]), idsBelow(5, [4])],
    (x, at) => ({
      same: ops.reshape(x!, [5, 1]),
      moved: ops.gather(ops.reshape(x!, [5, 1]), at!),
      more: ops.add(ops.min(x!, 2147483646), 1),
      product: ops.mul(ops.max(ops.min(x!, 1000), -1000), 1048577),
      equal: ops.equal(x!, 16777217),
      joined: ops.concat([x!, x!], 0)
    })
  ),
  on("booleans as numbers", [Tensors.bool([true, false, true], [3])], (x) => ({
    count: ops.sum(ops.cast(x!, "i32")),
    share: ops.mean(ops.cast(x!, "f32")),
    not: ops.not(x!),
    same: ops.reshape(x!, [1, 3])
  }))
]

/** Operations on shapes that break kernels: none, one, many axes; sizes 0, 1 and beyond a block of threads; views. */
export const shapeCases: ReadonlyArray<Case> = [
  ...elementwise,
  ...broadcasts,
  ...reductions,
  ...products,
  ...movements,
  ...indices,
  ...composites,
  ...numbers
]
