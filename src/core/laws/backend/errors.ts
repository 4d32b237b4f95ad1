import { Effect } from "effect"
import * as ops from "../../program/index.ts"
import { type Program, Programs, type Step, Steps } from "../../program/index.ts"
import { Backend, type Feeds, type Memory } from "../../service/index.ts"
import { type Tensor, Tensors } from "../../tensor/index.ts"
import { held, peek } from "./held.ts"
import { outcome, type Scenario } from "./Scenario.ts"

const pair = Programs.fromExprs({
  y: ops.gather(ops.input("table", [3, 2]), ops.input("ids", [2], "i32")),
  z: ops.gatherElements(ops.input("row", [3]), ops.input("ids", [2], "i32"))
})

const good: Feeds = {
  table: Tensors.f64([1, 2, 3, 4, 5, 6], [3, 2]),
  row: Tensors.f64([7, 8, 9], [3]),
  ids: Tensors.i32([2, 0], [2])
}

const running = (program: Program, feeds: Feeds) =>
  Effect.gen(function* () {
    const compiled = yield* Backend.use((b) => b.compile(Steps.stateless(program)))
    return yield* outcome(compiled.run(feeds))
  })

const refusal = (
  name: string,
  change: Readonly<Record<string, Feeds[string] | undefined>>,
  expected: unknown
): Scenario => ({
  name,
  tell: Effect.gen(function* () {
    const entries = Object.entries({ ...good, ...change }).filter(([, t]) => t !== undefined)
    return { found: yield* running(pair, Object.fromEntries(entries) as Feeds), expected }
  })
})

const outOfRange = (name: string, y: ReturnType<typeof ops.input>, feeds: Feeds): Scenario => ({
  name,
  tell: Effect.gen(function* () {
    return { found: yield* running(Programs.fromExprs({ y }), feeds), expected: "BackendFailure" }
  })
})

const ids = ops.input("ids", [2], "i32")

const stateful: Step = Steps.make({
  program: Programs.fromExprs({ y: ops.add(ops.input("w", [2]), ops.input("x", [2])) }),
  resident: ["w"],
  carry: [],
  guard: []
})

const two = Tensors.f64([1, 2], [2])

const stranger: Memory = {
  write: () => Effect.void,
  link: () => Effect.void,
  read: () => Effect.succeed({}),
  remove: () => Effect.void,
  names: Effect.succeed([])
}

const compiling = (options: Parameters<Backend["Service"]["compile"]>[1]) =>
  outcome(
    Effect.as(
      Backend.use((b) => b.compile(stateful, options)),
      {}
    )
  )

const withMemory = (name: string, contents: Feeds, expected: unknown, feeds: Feeds = { x: two }): Scenario => ({
  name,
  tell: Effect.gen(function* () {
    const memory = yield* Backend.use((b) => b.memory)
    yield* memory.write(contents)
    const step = yield* Backend.use((b) => b.compile(stateful, { memory }))
    return { found: yield* outcome(step.run(feeds)), expected }
  })
})

export const errorScenarios: ReadonlyArray<Scenario> = [
  refusal("feeds: all good", {}, { y: [5, 6, 1, 2], z: [9, 7] }),
  refusal("feeds: a missing one is named", { row: undefined }, "BadFeed row"),
  refusal("feeds: one too many is named", { extra: two }, "BadFeed extra"),
  refusal("feeds: a wrong dtype is named", { ids: Tensors.f64([2, 0], [2]) }, "BadFeed ids"),
  refusal("feeds: a wrong shape is named", { row: Tensors.f64([7, 8, 9], [3, 1]) }, "BadFeed row"),
  refusal(
    "feeds: too few elements are named",
    { row: { dtype: "f32", shape: [3], data: Float32Array.of(1) } },
    "BadFeed row"
  ),
  outOfRange("ids: Gather outside the table fails", ops.gather(ops.input("t", [3, 1]), ids), {
    t: Tensors.f64([1, 2, 3], [3, 1]),
    ids: Tensors.i32([0, 3], [2])
  }),
  outOfRange("ids: GatherElements outside the row fails", ops.gatherElements(ops.input("t", [3]), ids), {
    t: Tensors.f64([1, 2, 3], [3]),
    ids: Tensors.i32([3, 0], [2])
  }),
  outOfRange("ids: ScatterRows outside the result fails", ops.scatterRows(ids, ops.input("u", [2, 1]), 3), {
    u: Tensors.f64([1, 2], [2, 1]),
    ids: Tensors.i32([0, 3], [2])
  }),
  outOfRange("ids: ScatterElements outside the result fails", ops.scatterElements(ids, ops.input("u", [2]), 3), {
    u: two,
    ids: Tensors.i32([3, 0], [2])
  }),
  outOfRange("ids: a negative id fails", ops.gather(ops.input("t", [3, 1]), ids), {
    t: Tensors.f64([1, 2, 3], [3, 1]),
    ids: Tensors.i32([0, -1], [2])
  }),
  {
    name: "compile: state without a memory, or with somebody else's, is refused",
    tell: Effect.gen(function* () {
      const found = [yield* compiling({}), yield* compiling({ memory: stranger })]
      return { found, expected: ["BadFeed w", "BadFeed w"] }
    })
  },
  {
    name: "compile: freezing what is not resident, or not in memory, is refused",
    tell: Effect.gen(function* () {
      const memory = yield* Backend.use((b) => b.memory)
      yield* memory.write({ x: two })
      const found = [yield* compiling({ memory, freeze: ["x"] }), yield* compiling({ memory, freeze: ["w"] })]
      return { found, expected: ["BadFeed x", "BadFeed w"] }
    })
  },
  {
    name: "compile: a resident name that the program does not have is refused",
    tell: Effect.gen(function* () {
      const memory = yield* held({ v: two, w: two })
      const step = Backend.use((b) => b.compile({ ...stateful, resident: ["w", "v"] }, { memory }))
      return { found: yield* outcome(Effect.as(step, {})), expected: "BadFeed v" }
    })
  },
  {
    name: "memory: what has more or fewer elements than its shape is not written",
    tell: Effect.gen(function* () {
      const memory = yield* held({ w: two })
      const long: Tensor = { dtype: "f32", shape: [2], data: Float32Array.of(1, 2, 3) }
      const found = [yield* outcome(Effect.as(memory.write({ w: long }), {})), yield* peek(memory, "w")]
      return { found, expected: ["BadFeed w", { w: [1, 2] }] }
    })
  },
  withMemory("memory: resident inputs are found", { w: two }, { y: [2, 4] }),
  withMemory("memory: a tensor that is not there is named", { v: two }, "BadFeed w"),
  withMemory("memory: a wrong dtype is named", { w: Tensors.i32([1, 2], [2]) }, "BadFeed w"),
  withMemory("memory: too few rows are named", { w: Tensors.f64([1], [1]) }, "BadFeed w"),
  withMemory("memory: another rank is named", { w: Tensors.f64([1, 2], [2, 1]) }, "BadFeed w"),
  withMemory("memory: a resident input cannot be fed", { w: two }, "BadFeed w", { x: two, w: two })
]
