import { Effect } from "effect"
import * as ops from "../../program/index.ts"
import { Programs, type Step, Steps } from "../../program/index.ts"
import type { Feeds } from "../../service/index.ts"
import { Tensors } from "../../tensor/index.ts"
import { compile, held, peek, rows } from "./held.ts"
import { outcome, type Scenario } from "./Scenario.ts"

/** Sees two rows of the cache and appends one row; `count` goes up by one. */
const caching: Step = Steps.make({
  program: Programs.fromExprs({
    seen: ops.sum(ops.input("cache", [2, 1])),
    row: ops.input("row", [1, 1]),
    more: ops.add(ops.input("count", [], "i32"), 1)
  }),
  resident: ["cache", "count"],
  carry: [Steps.append("row", "cache"), Steps.replace("more", "count")],
  guard: []
})

/** Gives the first rows of the cache a second name. */
const passing = (count: number, into: string): Step =>
  Steps.make({
    program: Programs.fromExprs({
      rows: ops.input("cache", [count, 1]),
      unread: ops.sum(ops.input(into, [count, 1]))
    }),
    resident: ["cache", into],
    carry: [Steps.replace("rows", into)],
    guard: []
  })

const cache: Feeds = { cache: rows(1, 2, 0, 0), count: Tensors.i32([0], []) }

export const appendScenarios: ReadonlyArray<Scenario> = [
  {
    name: "append: a program sees the first rows and writes rows at the run's position",
    tell: Effect.gen(function* () {
      const memory = yield* held(cache)
      const step = yield* compile(caching, memory)
      const first = yield* outcome(step.run({ row: rows(5) }, { at: 2 }))
      const second = yield* outcome(step.run({ row: rows(6) }, { at: 0 }))
      return {
        found: [
          first,
          second,
          yield* outcome(step.run({ row: rows(0) }, { at: 3 })),
          yield* peek(memory, "cache", "count")
        ],
        expected: [{ seen: [3] }, { seen: [3] }, { seen: [8] }, { cache: [6, 2, 5, 0], count: [3] }]
      }
    })
  },
  {
    name: "append: rows outside the tensor fail, and then nothing at all is carried",
    tell: Effect.gen(function* () {
      const memory = yield* held(cache)
      const step = yield* compile(caching, memory)
      const late = yield* outcome(step.run({ row: rows(5) }, { at: 4 }))
      const negative = yield* outcome(step.run({ row: rows(5) }, { at: -1 }))
      return {
        found: [late, negative, yield* peek(memory, "cache", "count")],
        expected: ["BadFeed cache", "BadFeed cache", { cache: [1, 2, 0, 0], count: [0] }]
      }
    })
  },
  {
    name: "append: a program that froze the tensor, and another name for it, keep the rows that they had",
    tell: Effect.gen(function* () {
      const memory = yield* held({ ...cache, other: rows(0, 0, 0, 0) })
      const reading = Steps.make({
        program: Programs.fromExprs({ seen: ops.mul(ops.input("cache", [2, 1]), 10) }),
        resident: ["cache"],
        carry: [],
        guard: []
      })
      const [named, step] = [yield* compile(passing(4, "other"), memory), yield* compile(caching, memory)]
      const frozen = yield* compile(reading, memory, ["cache"])
      yield* step.run({ row: rows(5) }, { at: 2 })
      yield* named.run({})
      yield* step.run({ row: rows(6) }, { at: 0 })
      return {
        found: [yield* outcome(frozen.run({})), yield* peek(memory, "other", "cache")],
        expected: [{ seen: [10, 20] }, { other: [1, 2, 5, 0], cache: [6, 2, 5, 0] }]
      }
    })
  },
  {
    name: "append: of two names that were given one value, one grows and the other keeps it",
    tell: Effect.gen(function* () {
      const memory = yield* held({ ...cache, other: rows(0, 0, 0, 0) })
      const doubling = Steps.make({
        program: Programs.fromExprs({
          twice: ops.mul(ops.input("cache", [4, 1]), 2),
          unread: ops.sum(ops.input("other", [4, 1]))
        }),
        resident: ["cache", "other"],
        carry: [Steps.replace("twice", "cache"), Steps.replace("twice", "other")],
        guard: []
      })
      const [double, step] = [yield* compile(doubling, memory), yield* compile(caching, memory)]
      yield* double.run({})
      yield* step.run({ row: rows(5) }, { at: 0 })
      return { found: yield* peek(memory, "other", "cache"), expected: { other: [2, 4, 0, 0], cache: [5, 4, 0, 0] } }
    })
  },
  {
    name: "append: a tensor that was read is read anew",
    tell: Effect.gen(function* () {
      const memory = yield* held(cache)
      const step = yield* compile(caching, memory)
      const before = yield* peek(memory, "cache")
      yield* step.run({ row: rows(5) }, { at: 1 })
      const after = yield* peek(memory, "cache")
      yield* step.run({ row: rows(6) }, { at: 1 })
      return {
        found: [before, after, yield* peek(memory, "cache")],
        expected: [{ cache: [1, 2, 0, 0] }, { cache: [1, 5, 0, 0] }, { cache: [1, 6, 0, 0] }]
      }
    })
  },
  {
    name: "append: the first rows of a longer tensor can be another, which later rows leave alone",
    tell: Effect.gen(function* () {
      const memory = yield* held({ ...cache, first: rows(0, 0) })
      const step = yield* compile(caching, memory)
      const keep = yield* compile(passing(2, "first"), memory)
      yield* keep.run({})
      yield* step.run({ row: rows(5) }, { at: 0 })
      const once = yield* peek(memory, "first", "cache")
      yield* keep.run({})
      return {
        found: [once, yield* peek(memory, "first")],
        expected: [{ first: [1, 2], cache: [5, 2, 0, 0] }, { first: [5, 2] }]
      }
    })
  },
  {
    name: "append: the first call need not read the cache, and may write several rows",
    tell: Effect.gen(function* () {
      const memory = yield* held({ cache: rows(0, 0, 0) })
      const step = Steps.make({
        program: Programs.fromExprs({ row: ops.mul(ops.input("x", [2, 1]), 2) }),
        resident: [],
        carry: [Steps.append("row", "cache")],
        guard: []
      })
      const first = yield* compile(step, memory)
      yield* first.run({ x: rows(1, 2) }, { at: 1 })
      return { found: yield* peek(memory, "cache"), expected: { cache: [0, 2, 4] } }
    })
  },
  {
    name: "append: a program may declare no rows",
    tell: Effect.gen(function* () {
      const memory = yield* held({ cache: rows(4, 5) })
      const step = Steps.make({
        program: Programs.fromExprs({ seen: ops.sum(ops.input("cache", [0, 1]), [0]), row: ops.input("row", [1, 1]) }),
        resident: ["cache"],
        carry: [Steps.append("row", "cache")],
        guard: []
      })
      const first = yield* compile(step, memory)
      return {
        found: [yield* outcome(first.run({ row: rows(9) })), yield* peek(memory, "cache")],
        expected: [{ seen: [0] }, { cache: [9, 5] }]
      }
    })
  }
]
