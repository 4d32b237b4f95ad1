import * as ops from "../../program/index.ts"
import { Tensors } from "../../tensor/index.ts"
import type { Case } from "./Case.ts"
import { idsBelow, on } from "./shapeCase.ts"

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

/** What moves elements and picks them, by views of views; numbers that do not fit into a float. */
export const movementShapes: ReadonlyArray<Case> = [...movements, ...indices, ...numbers]
