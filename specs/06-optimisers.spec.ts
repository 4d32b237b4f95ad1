import { readFileSync } from "node:fs"
import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import { layer } from "../src/backends/reference/index.ts"
import { evaluate } from "../src/core/kernel/index.ts"
import {
  adamw,
  chain,
  clipByGlobalNorm,
  globalNorm,
  matricesOnly,
  residentParams,
  Schedules,
  type Specs,
  trainStep
} from "../src/core/optim/index.ts"
import { add, type Expr, log, mul, Programs, reshape, sum } from "../src/core/program/index.ts"
import { Backend } from "../src/core/service/index.ts"
import { type Tensor, Tensors } from "../src/core/tensor/index.ts"

type Values = Readonly<Record<string, ReadonlyArray<number>>>
type Option = "learningRate" | "beta1" | "beta2" | "epsilon" | "weightDecay" | "maxNorm" | "warmup" | "total"

interface Fixture {
  readonly shapes: Readonly<Record<string, ReadonlyArray<number>>>
  readonly options: Readonly<Record<Option, number>>
  readonly start: Values
  readonly steps: ReadonlyArray<{
    readonly gradients: Values
    readonly norm: number
    readonly learningRate: number
    readonly params: Values
    readonly expAvgSq: Values
  }>
  readonly curves: Readonly<Record<"constant" | "linear" | "cosine" | "cosineWithoutWarmup", ReadonlyArray<number>>>
}

const fixture: Fixture = JSON.parse(readFileSync(new URL("fixtures/optimisers.json", import.meta.url), "utf8"))

const tensors = (values: Values): Readonly<Record<string, Tensor>> =>
  Object.fromEntries(Object.entries(values).map(([name, x]) => [name, Tensors.f64(x, fixture.shapes[name]!)]))

const near = (actual: Tensor, expected: ReadonlyArray<number>, what: string): void => {
  for (const [i, e] of expected.entries()) expect(actual.data[i], `${what}[${i}]`).toBeCloseTo(e, 12)
}

const total = (xs: ReadonlyArray<Expr>): Expr => xs.map((x) => reshape(sum(x), [])).reduce((a, b) => add(a, b))

describe("trainStep", () => {
  const { options: o } = fixture
  const params: Specs = Object.fromEntries(Object.entries(fixture.shapes).map(([name, s]) => [name, Programs.spec(s)]))

  it("golden: six steps of AdamW with clipping and a cosine schedule are those of PyTorch", () => {
    const train = Result.getOrThrow(
      trainStep({
        params,
        batch: params,
        // Linear in the parameters, so that its gradient is the batch.
        loss: (p, gradients) => ({ loss: total(Object.keys(params).map((name) => mul(p[name]!, gradients[name]!))) }),
        optimiser: chain(
          clipByGlobalNorm(o.maxNorm),
          adamw({
            learningRate: Schedules.cosine({ peak: o.learningRate, warmupSteps: o.warmup, totalSteps: o.total }),
            beta1: o.beta1,
            beta2: o.beta2,
            epsilon: o.epsilon,
            weightDecay: o.weightDecay,
            decays: matricesOnly
          })
        ),
        scope: "policy/"
      })
    )
    const run = Effect.gen(function* () {
      const backend = yield* Backend
      const memory = yield* backend.memory
      yield* memory.write({ ...residentParams(tensors(fixture.start), "policy/"), ...train.initialState })
      const executable = yield* backend.compile(train.step, { memory })
      for (const [i, expected] of fixture.steps.entries()) {
        const results = yield* executable.run({ ...tensors(expected.gradients), ...train.feeds(i) })
        expect(Object.keys(results).sort()).toEqual(["grad_norm", "loss"])
        expect(Tensors.item(results["grad_norm"]!)).toBeCloseTo(expected.norm, 12)
        expect(train.learningRate(i)).toBeCloseTo(expected.learningRate, 12)
        const held = yield* memory.read(yield* memory.names)
        for (const name of Object.keys(params)) {
          near(held[`policy/param/${name}`]!, expected.params[name]!, `step ${i} ${name}`)
          near(held[`policy/optimiser/exp_avg_sq/${name}`]!, expected.expAvgSq[name]!, `step ${i} v ${name}`)
        }
      }
    })
    return Effect.runPromise(run.pipe(Effect.scoped, Effect.provide(layer)))
  })

  it("edge: a loss that is not finite changes neither parameters nor moments", () => {
    const train = Result.getOrThrow(
      trainStep({
        params: { w: Programs.spec([2]) },
        frozen: { base: Programs.spec([2]) },
        batch: { x: Programs.spec([2]) },
        loss: (p, { x }) => ({ loss: total([log(mul(add(p["w"]!, p["base"]!), x))]), metrics: { twice: mul(x, 2) } }),
        optimiser: adamw({ learningRate: 0.1 })
      })
    )
    const run = Effect.gen(function* () {
      const backend = yield* Backend
      const memory = yield* backend.memory
      const start = { w: Tensors.f64([1, 2], [2]), base: Tensors.f64([0, 1], [2]) }
      yield* memory.write({ ...residentParams(start), ...train.initialState })
      const executable = yield* backend.compile(train.step, { memory })
      const x = (...values: ReadonlyArray<number>) => ({ x: Tensors.f64(values, [2]) })
      const results = yield* executable.run({ ...x(1, 1), ...train.feeds(0) })
      expect(results["twice"]!.data).toEqual(Float64Array.of(2, 2))
      const before = yield* memory.read(yield* memory.names)
      expect(before["param/w"]!.data).not.toEqual(start.w.data)
      expect(before["param/base"]!.data).toEqual(start.base.data)
      const failed = yield* Effect.flip(executable.run({ ...x(0, 1), ...train.feeds(1) }))
      expect(failed).toMatchObject({ _tag: "NonFinite", output: "loss" })
      expect(yield* memory.read(yield* memory.names)).toEqual(before)
    })
    return Effect.runPromise(run.pipe(Effect.scoped, Effect.provide(layer)))
  })

  it("golden: the hand example of spec 06", () => {
    const train = Result.getOrThrow(
      trainStep({
        params: { w: Programs.spec([1]) },
        batch: {},
        loss: (p) => ({ loss: mul(p["w"]!, 0.5) }),
        optimiser: adamw({ learningRate: 0.1, epsilon: 0 })
      })
    )
    const feeds = { "param/w": Tensors.f64([1], [1]), ...train.initialState, ...train.feeds(0) }
    const next = evaluate(train.step.program, feeds)
    expect(Tensors.item(next["next/param/w"]!)).toBeCloseTo(0.9, 14)
    expect(Tensors.item(next["grad_norm"]!)).toBe(0.5)
  })

  it("error: two transforms that remember under one name", () => {
    const twice = trainStep({
      params,
      batch: {},
      loss: (p) => ({ loss: total(Object.values(p)) }),
      optimiser: chain(adamw({ learningRate: 1 }), adamw({ learningRate: 2 }))
    })
    expect(Result.isFailure(twice) && twice.failure.message).toMatch(/state named "exp_avg\/weight"/)
  })
})

describe("clipByGlobalNorm", () => {
  it("edge: no gradients have norm 0", () => {
    expect(evaluate(Programs.fromExprs({ norm: globalNorm({}) }))["norm"]!.data[0]).toBe(0)
  })

  it("edge: zero gradients stay zero", () => {
    const specs = { g: Programs.spec([3]) }
    const built = Programs.build(specs, (updates) => {
      const out = clipByGlobalNorm(1).update({ updates, params: updates, state: {}, scalars: {} })
      return { g: out.updates["g"]! }
    })
    const { g } = evaluate(Result.getOrThrow(built), { g: Tensors.f64([0, 0, 0], [3]) })
    expect(g!.data).toEqual(Float64Array.of(0, 0, 0))
  })
})

describe("Schedules", () => {
  const decay = { peak: 0.2, warmupSteps: 4, totalSteps: 20 }
  it.each([
    ["constant", Schedules.warmup(4, 0.2, Schedules.constant(0.2))],
    ["linear", Schedules.linear(decay)],
    ["cosine", Schedules.cosine(decay)],
    ["cosineWithoutWarmup", Schedules.cosine({ peak: 0.2, totalSteps: 20 })]
  ] as const)("golden: %s is that of transformers up to the last step", (name, schedule) => {
    for (const [step, rate] of fixture.curves[name].slice(0, 21).entries()) {
      expect(schedule(step)).toBeCloseTo(rate, 14)
    }
  })

  it("edge: past the last step the rate stays 0, where transformers' cosine rises again", () => {
    expect(fixture.curves.cosine[24]).toBeGreaterThan(0)
    expect([20, 24, 1000].map(Schedules.cosine(decay))).toEqual([0, 0, 0])
    expect([20, 24, 1000].map(Schedules.linear(decay))).toEqual([0, 0, 0])
  })

  it("edge: warm-up alone, and no steps at all", () => {
    expect(Schedules.linear({ peak: 1, warmupSteps: 2, totalSteps: 2 })(2)).toBe(1)
    expect(Schedules.linear({ peak: 1, warmupSteps: 2, totalSteps: 2 })(3)).toBe(0)
    expect(Schedules.cosine({ peak: 1, totalSteps: 0 })(5)).toBe(0)
  })
})
