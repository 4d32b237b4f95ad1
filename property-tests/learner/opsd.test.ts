import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { batchAt, collect, Opsd, type OpsdMode, type OpsdOptions, Policies } from "../../src/core/learner/index.ts"
import { Advantage, PolicyLoss } from "../../src/core/objective/index.ts"
import { Rng } from "../../src/core/tensor/index.ts"
import * as Subject from "./subject.ts"

const { objective: _, ...policy } = Subject.policy()

const items = Subject.train.map(({ prompt, completion }) => ({ prompt, teacherPrompt: [...prompt, ...completion] }))

const direct = (options: Partial<OpsdMode & { _tag: "Direct" }> = {}): OpsdMode => ({
  _tag: "Direct",
  generations: 2,
  ...options
})

const grpo: OpsdMode = {
  _tag: "Grpo",
  objective: PolicyLoss.grpo({ clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0 }),
  step: { generations: 2, advantage: Advantage.groupRelative() }
}

const opsd = (options: Partial<OpsdOptions> = {}): OpsdOptions => ({
  name: "opsd",
  seed: 1,
  policy,
  items,
  promptsPerStep: 8,
  steps: 4,
  checkpointEvery: 2,
  mode: direct(),
  ...options
})

const mean = (xs: ReadonlyArray<number>): number => xs.reduce((s, x) => s + x, 0) / xs.length

/** The rollouts of the first step, what the policy thinks of them, and what it does once it has seen the expert. */
const firstStep = Effect.gen(function* () {
  const own = yield* Policies.make(Subject.policy())
  yield* own.start
  const batch = batchAt(1, "opsd/prompts", items, 8, 0)
  const rollouts = yield* collect(own, batch, 2, Rng.make(1, "opsd", "rollouts", 0))
  const told = rollouts.map(({ item, completion }) => ({ prompt: batch[item]!.teacherPrompt, completion }))
  return { rollouts, own: yield* own.logProbs(rollouts), teacher: yield* own.logProbs(told) }
})

/** Metrics of the first step. */
const stepped = (options: Partial<OpsdOptions>) =>
  Effect.gen(function* () {
    const stage = yield* Opsd.make(opsd(options))
    yield* stage.start
    return yield* stage.step(0)
  })

const run = <A, E>(test: Parameters<typeof Subject.on<A, E>>[1]) => Subject.on(Subject.backends[0]![1], test)

describe("direct self-distillation", () => {
  it("golden: the loss is -mean w·log π over all completion tokens, end-of-sequence tokens among them", () =>
    run(
      Effect.gen(function* () {
        const { rollouts, own, teacher } = yield* firstStep
        const metrics = yield* stepped({})
        const weights = teacher.map((row, i) => Array.from(row, (x, t) => x - own[i]![t]!))
        const terms = weights.flatMap((row, i) => row.map((w, t) => -w * own[i]![t]!))
        expect(metrics["loss"]).toBeCloseTo(mean(terms), 6)
        expect(rollouts.some(({ completion }) => completion.at(-1) === Subject.EOS)).toBe(true)
        expect(terms.length).toBe(rollouts.reduce((n, { completion }) => n + completion.length, 0))
        expect(metrics["num_tokens"]).toBe(terms.length + 2 * rollouts.length)
        expect(metrics["opsd/teacher_logp"]).toBeCloseTo(mean(teacher.flatMap((row) => Array.from(row))), 6)
        expect(metrics["opsd/ref_logp"]).toBeCloseTo(mean(own.flatMap((row) => Array.from(row))), 6)
        expect(metrics["opsd/weight_mean"]).toBeCloseTo(mean(weights.flat()), 6)
        const spread = weights.flat().map((w) => (w - mean(weights.flat())) ** 2)
        expect(metrics["opsd/weight_std"]).toBeCloseTo(
          Math.sqrt((mean(spread) * spread.length) / (spread.length - 1)),
          9
        )
      })
    ))

  it("golden: a temperature divides the weights before they are clamped", () =>
    run(
      Effect.gen(function* () {
        const { own, teacher } = yield* firstStep
        const metrics = yield* stepped({ weights: { temperature: 0.5, clamp: [-0.1, 0.2] } })
        const weights = teacher.flatMap((row, i) =>
          Array.from(row, (x, t) => Math.min(0.2, Math.max(-0.1, (x - own[i]![t]!) / 0.5)))
        )
        expect(new Set(weights).size).toBeGreaterThan(2)
        expect(weights).toEqual(expect.arrayContaining([0.2, -0.1]))
        expect(metrics["opsd/weight_mean"]).toBeCloseTo(mean(weights), 6)
      })
    ))

  it("golden: standardised weights have mean 0 and deviation 1 over the tokens of the step", () =>
    run(
      Effect.gen(function* () {
        const { own, teacher } = yield* firstStep
        const metrics = yield* stepped({ mode: direct({ standardise: true }) })
        const weights = teacher.flatMap((row, i) => Array.from(row, (x, t) => x - own[i]![t]!))
        const deviation = Math.sqrt(mean(weights.map((w) => (w - mean(weights)) ** 2))) + 1e-4
        const flat = own.flatMap((row) => Array.from(row))
        const loss = mean(weights.map((w, i) => (-(w - mean(weights)) / deviation) * flat[i]!))
        expect(metrics["loss"]).toBeCloseTo(loss, 6)
      })
    ))

  it("law: what the expert's trace makes likelier becomes likelier", () =>
    Subject.on(
      Subject.backends[1]![1],
      Effect.gen(function* () {
        const stage = yield* Opsd.make(opsd({ steps: 12, promptsPerStep: 24 }))
        yield* stage.start
        const metrics = yield* Subject.steps(stage, 0, 12)
        const gaps = metrics.map((m) => m["opsd/weight_mean"]!)
        expect(mean(gaps.slice(-3))).toBeGreaterThan(mean(gaps.slice(0, 3)))
      })
    ))
})

describe("self-distillation by reward", () => {
  it("golden: the reward of a completion is the mean of its weights", () =>
    run(
      Effect.gen(function* () {
        const { own, teacher } = yield* firstStep
        const metrics = yield* stepped({ mode: grpo })
        const rewards = teacher.map((row, i) => mean(Array.from(row, (x, t) => x - own[i]![t]!)))
        expect(metrics["reward"]).toBeCloseTo(mean(rewards), 6)
      })
    ))
})

for (const [name, layer] of Subject.backends) {
  it(`law: on ${name}, a stage resumed at any step equals the uninterrupted one, bit for bit`, () =>
    Subject.on(
      layer,
      Effect.gen(function* () {
        for (const mode of [direct({ standardise: true }), grpo]) {
          yield* Subject.resumes(Opsd.make(opsd({ mode, promptsPerStep: 2 })), 2)
        }
      })
    ))
}

it("error: a prompt whose expert trace leaves no room for a completion is named", () =>
  run(
    Effect.gen(function* () {
      const long = { prompt: [5, 6], teacherPrompt: Array.from({ length: 30 }, () => 5) }
      const error = yield* Effect.flip(Opsd.make(opsd({ items: [items[0]!, long] })))
      expect(error).toMatchObject({ _tag: "TeacherTooLong", item: 1, prompt: 30, completion: 8, limit: 32 })
      expect(error.message).toContain("Leave the item out")
    })
  ))
