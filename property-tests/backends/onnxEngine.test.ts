import { spawnSync } from "node:child_process"
import type { Worker } from "node:worker_threads"
import { Effect, Fiber, Layer, Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Onnx } from "../../src/backends/onnx/index.ts"
import { Reference } from "../../src/backends/reference/index.ts"
import { difference } from "../../src/core/laws/backend/index.ts"
import { floats } from "../../src/core/laws/program/index.ts"
import { forward, initialise, logits, ModelConfigs, parameterSpecs } from "../../src/core/model/index.ts"
import { adamw, chain, clipByGlobalNorm, residentParams, trainStep } from "../../src/core/optim/index.ts"
import * as ops from "../../src/core/program/index.ts"
import { type Expr, Programs, type Step, Steps } from "../../src/core/program/index.ts"
import { Backend, type Feeds } from "../../src/core/service/index.ts"
import { Rng, Shapes, type Tensor, Tensors } from "../../src/core/tensor/index.ts"

const on = <A, E>(
  layer: Layer.Layer<Backend, E>,
  program: Effect.Effect<A, unknown, Backend | import("effect").Scope.Scope>
) => Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(Layer.fresh(layer))) as Effect.Effect<A>)

const config = Result.getOrThrow(
  ModelConfigs.fromJson({
    model_type: "qwen2",
    vocab_size: 96,
    hidden_size: 48,
    intermediate_size: 160,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    head_dim: 16,
    tie_word_embeddings: true,
    initializer_range: 0.2
  })
)

const [B, T] = [6, 40]

const training = Result.getOrThrow(
  trainStep({
    params: parameterSpecs(config),
    batch: { ids: Programs.spec([B, T], "i32"), targets: Programs.spec([B, T], "i32") },
    loss: (params, { ids, targets }) => {
      const rows = ops.logSoftmax(logits(config, params, forward(config, params, ids).hidden))
      return { loss: ops.neg(ops.mean(ops.gatherElements(rows, ops.reshape(targets, [-1, 1])))) }
    },
    optimiser: chain(clipByGlobalNorm(1), adamw({ learningRate: 1e-3, weightDecay: 0.1 }))
  })
)

const tokens = (name: string): Tensor => {
  const rng = Rng.make(7, name)
  return Tensors.i32(
    Int32Array.from({ length: B * T }, () => Rng.int(rng, config.vocab_size)),
    [B, T]
  )
}

/** Losses of three steps, and all of memory after them. */
const threeSteps = Effect.gen(function* () {
  const backend = yield* Backend
  const memory = yield* backend.memory
  yield* memory.write({ ...residentParams(initialise(config, 3)), ...training.initialState })
  const executable = yield* backend.compile(training.step, { memory })
  const results: Array<Feeds> = []
  for (let i = 0; i < 3; i++) {
    const batch = { ids: tokens(`ids ${i}`), targets: tokens(`targets ${i}`) }
    results.push(yield* executable.run({ ...batch, ...training.feeds(i) }))
  }
  return { results, memory: yield* memory.read(yield* memory.names) }
})

describe("training", () => {
  it("law: repeats give the same bits, and so do 1, 2 and 3 threads with products of these sizes", async () => {
    const first = await on(Onnx.cpuWith({ threads: 1 }), threeSteps)
    for (const threads of [1, 2, 3]) {
      expect(await on(Onnx.cpuWith({ threads, spinning: threads !== 3 }), threeSteps)).toEqual(first)
    }
  })

  it("law: losses and parameters of three steps agree with the reference within 1e-4", async () => {
    const expected = await on(Reference.layer, threeSteps)
    const found = await on(Onnx.cpu, threeSteps)
    const tolerance = { relative: 1e-4, absolute: 1e-4, reason: "float32 against float64 through three updates" }
    for (const [i, outputs] of expected.results.entries()) {
      for (const [name, t] of Object.entries(outputs)) {
        expect(difference(found.results[i]![name]!, t, tolerance) ?? name).toBe(name)
      }
    }
    for (const [name, t] of Object.entries(expected.memory)) {
      expect(difference(found.memory[name]!, t, tolerance) ?? name).toBe(name)
    }
  })
})

/** A random elementwise update of three tensors of memory from a gradient and two numbers. */
const update = (length: number, picks: ReadonlyArray<number>) => {
  const shape = [length]
  const values: Array<Expr> = [
    ...["p", "m", "v", "g"].map((name) => ops.input(name, shape)),
    ops.input("rate", []),
    ops.input("decay", [1])
  ]
  const unary = [ops.neg, ops.abs, (x: Expr) => ops.sqrt(ops.abs(x))]
  const binary = [
    ops.add,
    ops.sub,
    ops.mul,
    ops.max,
    ops.min,
    (x: Expr, y: Expr) => ops.div(x, ops.add(ops.abs(y), 0.5))
  ]
  for (const pick of picks) {
    const [a, b] = [values[pick % values.length]!, values[(pick >> 4) % values.length]!]
    const make = (pick >> 8) % (unary.length + binary.length)
    const next = make < unary.length ? unary[make]!(a) : binary[make - unary.length]!(a, b)
    // Values stay near 1, so that float32 rounding stays near its unit.
    values.push(Shapes.equal(next.shape, shape) ? ops.max(ops.min(next, 2), -2) : next)
  }
  const large = values.filter((x) => Shapes.equal(x.shape, shape) && x.op._tag !== "Input")
  const last = (i: number): Expr => large[large.length - 1 - i] ?? ops.add(values[i]!, values[3]!)
  const [p, m, v] = values as [Expr, Expr, Expr]
  return { p: ops.add(last(0), p), m: ops.sub(last(1), m), v: ops.mul(last(2), v) }
}

const feedsOf = (length: number): Feeds => ({
  ...Object.fromEntries(["p", "m", "v", "g"].map((name) => [name, floats(length, name, [length])])),
  rate: Tensors.f32([0.25], []),
  decay: Tensors.f32([0.75], [1])
})

const only = (step: Step, feeds: Feeds): Feeds => {
  const names = Object.keys(Programs.inputs(step.program)).filter((name) => !step.resident.includes(name))
  return Object.fromEntries(names.map((name) => [name, feeds[name]!]))
}

describe("updates in place", () => {
  const lengths = fc.constantFrom(2, 3, 5, 64, 4095, 4096, 4097, 9001)
  const cases = fc.tuple(lengths, fc.array(fc.nat(4095), { minLength: 1, maxLength: 8 }))

  it("law: carrying an elementwise output into memory gives what returning it gives", () =>
    on(
      Onnx.cpu,
      Effect.gen(function* () {
        const backend = yield* Backend
        for (const [length, picks] of fc.sample(cases, { seed: 42, numRuns: 60 })) {
          yield* Effect.scoped(
            Effect.gen(function* () {
              const program = Programs.fromExprs(update(length, picks))
              const feeds = feedsOf(length)
              const plain = Steps.stateless(program)
              const expected = yield* Effect.flatMap(backend.compile(plain), (e) => e.run(only(plain, feeds)))
              const memory = yield* backend.memory
              yield* memory.write({ p: feeds["p"]!, m: feeds["m"]!, v: feeds["v"]! })
              const carry = ["p", "m", "v"].map((name) => Steps.replace(name, name))
              const carried = Steps.make({ program, resident: ["p", "m", "v"], carry, guard: [] })
              const executable = yield* backend.compile(carried, { memory })
              expect(yield* executable.run(only(carried, feeds))).toEqual({})
              expect(yield* memory.read(["p", "m", "v"])).toEqual(expected)
            })
          )
        }
      })
    ))

  const [w, g] = [ops.input("w", [5]), ops.input("g", [5])]
  const descend = (carry: Step["carry"], outputs: Readonly<Record<string, Expr>>): Step => ({
    program: Programs.fromExprs(outputs),
    resident: ["w", "z"].filter((name) =>
      Object.values(outputs).some((x) => x.args.some((a) => a.op._tag === "Input" && a.op.name === name))
    ),
    carry,
    guard: []
  })

  it.each<readonly [string, Step]>([
    [
      "of a longer tensor keeps the first rows alone",
      descend([Steps.replace("next", "w")], { next: ops.sub(w, g), loss: ops.sum(g) })
    ],
    [
      "of two tensors by each other sees the old values",
      descend([Steps.replace("a", "w"), Steps.replace("b", "z")], {
        a: ops.add(w, ops.mul(ops.input("z", [5]), g)),
        b: ops.sub(ops.input("z", [5]), w)
      })
    ]
  ])("edge: an update %s", async (_, step) => {
    const tell = Effect.gen(function* () {
      const backend = yield* Backend
      const memory = yield* backend.memory
      const z = step.carry.length === 1 ? floats(1, "z", [5]) : floats(2, "z", [5])
      yield* memory.write({ w: floats(1, "w", [step.carry.length === 1 ? 8 : 5]), z })
      const executable = yield* backend.compile(step, { memory })
      yield* executable.run({ g: floats(1, "g", [5]) })
      return yield* memory.read(["w", "z"])
    })
    const expected = await on(Reference.layer, tell)
    const found = await on(Onnx.cpu, tell)
    const tolerance = { relative: 1e-6, absolute: 1e-6, reason: "one rounding of float32" }
    for (const [name, t] of Object.entries(expected)) expect(difference(found[name]!, t, tolerance) ?? name).toBe(name)
  })
})

const tiny = Steps.stateless(Programs.fromExprs({ y: ops.mul(ops.input("x", [2]), ops.input("x", [2])) }))
const subnormal = { x: Tensors.f32([1e-20, 1], [2]) }

const squared = Effect.gen(function* () {
  const executable = yield* Backend.use((b) => b.compile(tiny))
  return Array.from((yield* executable.run(subnormal))["y"]!.data)
})

describe("subnormal floats", () => {
  it("law: every engine of the process flushes them to zero, and the main thread does not", async () => {
    for (let engine = 0; engine < 3; engine++) expect(await on(Onnx.cpu, squared)).toEqual([0, 1])
    const smallest = Number.MIN_VALUE * 2 ** 10
    expect(smallest / 2).toBeGreaterThan(0)
  })

  it("edge: an engine may keep them", async () => {
    const [kept, one] = await on(Onnx.cpuWith({ flushDenormals: false }), squared)
    expect(one).toBe(1)
    expect(kept).toBeCloseTo(1e-40, 44)
  })
})

describe("engine", () => {
  const x = ops.input("x", [700, 700])
  const heavy = Steps.stateless(
    Programs.fromExprs({ y: ops.sum(Array.from({ length: 20 }).reduce<Expr>((y) => ops.matMul(y, x), x)) })
  )
  const feeds = { x: floats(1, "x", [700, 700]) }

  it("error: when the scope closes, runs in progress finish, and what comes later fails", async () => {
    const { backend, memory, first, second, executable } = await on(
      Onnx.cpu,
      Effect.gen(function* () {
        const backend = yield* Backend
        const memory = yield* backend.memory
        const executable = yield* backend.compile(heavy)
        const first = yield* Effect.forkDetach(Effect.result(executable.run(feeds)))
        const second = yield* Effect.forkDetach(Effect.result(executable.run(feeds)))
        yield* Effect.sleep("20 millis")
        return { backend, memory, first, second, executable }
      })
    )
    const tag = (result: Result.Result<unknown, { readonly _tag: string }>) =>
      Result.isSuccess(result) ? "done" : result.failure._tag
    const alone = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(effect)
    expect(tag(await alone(Fiber.join(first)))).toBe("done")
    expect(tag(await alone(Fiber.join(second)))).toBe("done")
    expect(await alone(Effect.flip(executable.run(feeds)))).toMatchObject({ _tag: "BackendFailure", during: "run" })
    expect(await alone(Effect.flip(memory.names))).toMatchObject({ _tag: "BackendFailure", during: "read" })
    expect(await alone(Effect.flip(Effect.scoped(backend.compile(heavy))))).toMatchObject({ during: "compile" })
  })

  it("error: a crash of its thread fails what waits, and the next engine starts afresh", async () => {
    const failures = await on(
      Onnx.cpu,
      Effect.gen(function* () {
        const memory = yield* Backend.use((b) => b.memory)
        yield* memory.names
        const waiting = yield* Effect.forkChild(
          Effect.flip(Effect.all(Array.from({ length: 1000 }, () => memory.names)))
        )
        yield* Effect.promise(() => Promise.all(nurseries.map((worker) => worker.terminate())))
        return [yield* Fiber.join(waiting), yield* Effect.flip(memory.names)]
      })
    )
    for (const failure of failures) expect(failure).toMatchObject({ _tag: "BackendFailure", during: "read" })
    expect(await on(Onnx.cpu, squared)).toEqual([expect.any(Number), 1])
  })

  it("error: a process that exits in the middle of a run does so without a crash", () => {
    const script = `
      import { Effect } from "effect"
      import { Onnx } from ${JSON.stringify(new URL("../../src/backends/onnx/index.ts", import.meta.url))}
      import { Backend } from ${JSON.stringify(new URL("../../src/core/service/index.ts", import.meta.url))}
      import * as ops from ${JSON.stringify(new URL("../../src/core/program/index.ts", import.meta.url))}
      const x = ops.full([900, 900], 1e-3)
      const y = Array.from({ length: 40 }).reduce((y) => ops.matMul(y, ops.add(x, ops.input("s", []))), x)
      const step = ops.Steps.stateless(ops.Programs.fromExprs({ y: ops.sum(y) }))
      const main = Effect.gen(function* () {
        const executable = yield* Backend.use((b) => b.compile(step))
        setTimeout(() => process.exit(7), 30)
        while (true) yield* executable.run({ s: { dtype: "f32", shape: [], data: Float32Array.of(0) } })
      })
      await Effect.runPromise(Effect.scoped(main).pipe(Effect.provide(Onnx.cpu)))`
    const child = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" })
    expect([child.status, child.signal, child.stderr]).toEqual([7, null, ""])
  })
})

// Started by the first engine of this file, ended by the test of a crash.
const nurseries: Array<Worker> = []
process.on("worker", (worker) => nurseries.push(worker))
