import { Effect, Fiber } from "effect"
import * as ops from "../../program/index.ts"
import { Programs, type Step, Steps } from "../../program/index.ts"
import type { LinkedTensor } from "../../service/index.ts"
import { type Tensor, Tensors } from "../../tensor/index.ts"
import { compile, f, held, peek, rows } from "./held.ts"
import { outcome, plain, type Scenario } from "./Scenario.ts"

const [w, g] = [ops.input("w", [2]), ops.input("g", [2])]

/** w' = w + g, with the sum of w' as loss. */
const training = (guard: ReadonlyArray<string> = []): Step =>
  Steps.make({
    program: Programs.fromExprs({ next: ops.add(w, g), loss: ops.sum(ops.add(w, g)) }),
    resident: ["w"],
    carry: [Steps.replace("next", "w")],
    guard
  })

/** A tensor in a file that holds halves, which no engine computes with as they lie: it must be read. */
const linked = (value: Tensor, seen: Array<string>): LinkedTensor => ({
  file: { path: "/nowhere/model.safetensors", check: Effect.void },
  begin: 0,
  end: 2 * value.data.length,
  dtype: "BF16",
  shape: value.shape,
  read: Effect.sync(() => {
    seen.push("read")
    return value
  })
})

export const memoryScenarios: ReadonlyArray<Scenario> = [
  {
    name: "memory: writes and reads are copies, names are sorted, removal forgives",
    tell: Effect.gen(function* () {
      const mine = Float64Array.of(1, 2)
      const memory = yield* held({ b: Tensors.f64(mine, [2]), a: Tensors.bool([true], [1]) })
      mine[0] = 9
      const first = yield* memory.read(["b"])
      first["b"]!.data[1] = 9
      const names = yield* memory.names
      const again = yield* peek(memory, "a", "b")
      yield* memory.remove(["a", "never there"])
      return {
        found: [names, again, yield* memory.names, yield* outcome(memory.read(["a"]))],
        expected: [["a", "b"], { a: [1], b: [1, 2] }, ["b"], "BadFeed a"]
      }
    })
  },
  {
    name: "memory: carried outputs replace resident inputs and are not returned",
    tell: Effect.gen(function* () {
      const memory = yield* held({ w: f(0, 10) })
      const step = yield* compile(training(), memory)
      const first = yield* outcome(step.run({ g: f(1, 1) }))
      const second = yield* outcome(step.run({ g: f(2, 3) }))
      return {
        found: [first, second, yield* peek(memory, "w")],
        expected: [{ loss: [12] }, { loss: [17] }, { w: [3, 14] }]
      }
    })
  },
  {
    name: "memory: outputs are computed before any is carried",
    tell: Effect.gen(function* () {
      const memory = yield* held({ a: f(1), b: f(2) })
      const step = Steps.make({
        program: Programs.fromExprs({ x: ops.input("a", [1]), y: ops.input("b", [1]) }),
        resident: ["a", "b"],
        carry: [Steps.replace("x", "b"), Steps.replace("y", "a")],
        guard: []
      })
      const swap = yield* compile(step, memory)
      const once = yield* Effect.andThen(swap.run({}), peek(memory, "a", "b"))
      const twice = yield* Effect.andThen(swap.run({}), peek(memory, "a", "b"))
      return {
        found: [once, twice],
        expected: [
          { a: [2], b: [1] },
          { a: [1], b: [2] }
        ]
      }
    })
  },
  {
    name: "memory: executables that share it see each other's writes, others do not",
    tell: Effect.gen(function* () {
      const [shared, apart] = [yield* held({ w: f(0, 0) }), yield* held({ w: f(5, 5) })]
      const [one, two] = [yield* compile(training(), shared), yield* compile(training(), shared)]
      yield* one.run({ g: f(1, 1) })
      const seen = yield* outcome(two.run({ g: f(1, 1) }))
      return { found: [seen, yield* peek(apart, "w")], expected: [{ loss: [4] }, { w: [5, 5] }] }
    })
  },
  {
    name: "memory: concurrent runs happen one after another",
    tell: Effect.gen(function* () {
      const memory = yield* held({ w: f(0, 0) })
      const step = yield* compile(training(), memory)
      yield* Effect.all(
        Array.from({ length: 20 }, () => step.run({ g: f(1, 2) })),
        { concurrency: "unbounded" }
      )
      return { found: yield* peek(memory, "w"), expected: { w: [20, 40] } }
    })
  },
  {
    name: "memory: results stay as they were when memory changes",
    tell: Effect.gen(function* () {
      const memory = yield* held({ cache: rows(1, 2, 0, 0) })
      const step = Steps.make({
        program: Programs.fromExprs({ now: ops.input("cache", [4, 1]), row: ops.input("row", [1, 1]) }),
        resident: ["cache"],
        carry: [Steps.append("row", "cache")],
        guard: []
      })
      const look = yield* compile(step, memory)
      const result = yield* look.run({ row: rows(7) }, { at: 0 })
      yield* look.run({ row: rows(8) }, { at: 1 })
      return {
        found: [plain(result), yield* peek(memory, "cache")],
        expected: [{ now: [1, 2, 0, 0] }, { cache: [7, 8, 0, 0] }]
      }
    })
  },
  {
    name: "memory: a carried input is a copy, of memory and of what the caller fed",
    tell: Effect.gen(function* () {
      const memory = yield* held({ cache: rows(1, 2), old: rows(0, 0), fed: f(0) })
      const step = Steps.make({
        program: Programs.fromExprs({
          before: ops.input("cache", [2, 1]),
          row: ops.input("row", [1, 1]),
          same: ops.input("x", [1]),
          unused: ops.sum(ops.input("old", [2, 1])),
          unread: ops.sum(ops.input("fed", [1]))
        }),
        resident: ["cache", "old", "fed"],
        carry: [Steps.replace("before", "old"), Steps.append("row", "cache"), Steps.replace("same", "fed")],
        guard: []
      })
      const keep = yield* compile(step, memory)
      const mine = Float64Array.of(5)
      yield* keep.run({ row: rows(9), x: Tensors.f64(mine, [1]) }, { at: 1 })
      mine[0] = 6
      return {
        found: yield* peek(memory, "cache", "old", "fed"),
        expected: { cache: [1, 9], old: [1, 2], fed: [5] }
      }
    })
  },
  {
    name: "memory: a frozen input keeps the value it was compiled with",
    tell: Effect.gen(function* () {
      const memory = yield* held({ w: f(1, 2) })
      const step = Steps.make({
        program: Programs.fromExprs({ y: ops.mul(w, g) }),
        resident: ["w"],
        carry: [],
        guard: []
      })
      const [frozen, fresh] = [yield* compile(step, memory, ["w"]), yield* compile(step, memory)]
      yield* memory.write({ w: f(0, 0) })
      const feeds = { g: f(10, 10) }
      return {
        found: [yield* outcome(frozen.run(feeds)), yield* outcome(fresh.run(feeds))],
        expected: [{ y: [10, 20] }, { y: [0, 0] }]
      }
    })
  },
  {
    name: "memory: a frozen input sees the first rows too, and one of another type is refused at compile",
    tell: Effect.gen(function* () {
      const memory = yield* held({ long: rows(1, 2, 3), flat: f(1, 2) })
      const reading = (name: string): Step =>
        Steps.make({
          program: Programs.fromExprs({ y: ops.mul(ops.input(name, [2, 1]), 10) }),
          resident: [name],
          carry: [],
          guard: []
        })
      const some = yield* compile(reading("long"), memory, ["long"])
      const refused = yield* outcome(Effect.as(compile(reading("flat"), memory, ["flat"]), {}))
      return { found: [yield* outcome(some.run({})), refused], expected: [{ y: [10, 20] }, "BadFeed flat"] }
    })
  },
  {
    name: "memory: what is linked is not read before it is needed, and a write takes its place",
    tell: Effect.gen(function* () {
      const seen: Array<string> = []
      const memory = yield* held({ a: f(1) })
      yield* memory.link({ w: linked(f(1, 2), seen), a: linked(f(7), seen) })
      const before = [[...seen], yield* memory.names]
      const step = yield* compile(training(), memory)
      const first = yield* outcome(step.run({ g: f(1, 1) }))
      yield* memory.write({ a: f(3) })
      return {
        found: [before, first, yield* peek(memory, "a", "w"), seen],
        expected: [[[], ["a", "w"]], { loss: [5] }, { a: [3], w: [2, 3] }, ["read"]]
      }
    })
  },
  {
    name: "memory: a run that is interrupted carries everything or nothing, and the next one goes on",
    tell: Effect.gen(function* () {
      const memory = yield* held({ w: f(0, 0) })
      const step = yield* compile(training(), memory)
      const running = yield* Effect.forkChild(step.run({ g: f(1, 1) }), { startImmediately: true })
      yield* Fiber.interrupt(running)
      const [w] = (yield* peek(memory, "w"))["w"]!
      const next = yield* outcome(step.run({ g: f(1, 1) }))
      return { found: [w === 0 || w === 1, next], expected: [true, { loss: [2 * w! + 2] }] }
    })
  },
  {
    name: "memory: what is large comes back as it went in",
    tell: Effect.gen(function* () {
      const many = Tensors.f32(
        Float32Array.from({ length: 300_001 }, (_, i) => i),
        [300_001]
      )
      const memory = yield* held({ many })
      const { many: back } = yield* memory.read(["many"])
      return { found: back!.data.every((x, i) => x === i) && back!.data.length, expected: 300_001 }
    })
  },
  {
    name: "guard: a NaN or an infinity stops the step, memory stays, the next run goes on",
    tell: Effect.gen(function* () {
      const memory = yield* held({ w: f(1, 2) })
      const step = yield* compile(training(["loss"]), memory)
      const results = [
        yield* outcome(step.run({ g: f(Number.NaN, 0) })),
        yield* outcome(step.run({ g: f(0, Infinity) })),
        yield* peek(memory, "w"),
        yield* outcome(step.run({ g: f(1, 1) })),
        yield* peek(memory, "w")
      ]
      return {
        found: results,
        expected: ["NonFinite loss", "NonFinite loss", { w: [1, 2] }, { loss: [5] }, { w: [2, 3] }]
      }
    })
  },
  {
    name: "guard: carried outputs can be guarded too",
    tell: Effect.gen(function* () {
      const memory = yield* held({ w: f(1, 2) })
      const step = yield* compile(training(["next"]), memory)
      return {
        found: [yield* outcome(step.run({ g: f(-Infinity, 0) })), yield* peek(memory, "w")],
        expected: ["NonFinite next", { w: [1, 2] }]
      }
    })
  }
]
