import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { batchAt, Policies, Sft, type SftGenerations } from "../../src/core/learner/index.ts"
import { adamw } from "../../src/core/optim/index.ts"
import { plain } from "../../src/core/sampling/index.ts"
import * as Subject from "./subject.ts"

const generations: SftGenerations = {
  items: Subject.validation.map(({ prompt }) => ({ prompt })),
  sampling: plain(8, [Subject.EOS]),
  judge: Subject.judge(1)
}

const run = <A, E>(test: Parameters<typeof Subject.on<A, E>>[1]) => Subject.on(Subject.backends[0]![1], test)

describe("supervised fine-tuning", () => {
  it("golden: the loss is -mean log π over completion tokens, the end of sequence among them and no prompt", () =>
    run(
      Effect.gen(function* () {
        const policy = yield* Policies.make(Subject.policy())
        yield* policy.start
        const batch = batchAt(1, "sft", Subject.train, 8, 0)
        const all = (yield* policy.logProbs(batch)).flatMap((row) => Array.from(row))
        expect(all.length).toBe(8 * 7)
        expect(batch.every(({ completion }) => completion.at(-1) === Subject.EOS)).toBe(true)
        const stage = yield* Sft.make(Subject.sft())
        yield* stage.start
        const { loss } = yield* stage.step(0)
        expect(loss).toBeCloseTo(-all.reduce((s, x) => s + x, 0) / all.length, 9)
      })
    ))

  it("law: a step in micro-batches is that of the whole batch", () =>
    run(
      Effect.gen(function* () {
        // Completions of two lengths, so that micro-batches differ in tokens.
        const train = Subject.train.map(({ prompt, completion }, i) => ({
          prompt,
          completion: i % 3 === 0 ? completion.slice(4) : completion
        }))
        const optimiser = adamw({ learningRate: 1e-3, epsilon: 1e-2 })
        const trained = Effect.fnUntraced(function* (microBatch?: number) {
          const options = Subject.sft({ train, optimiser, ...(microBatch === undefined ? {} : { microBatch }) })
          const stage = yield* Sft.make(options)
          yield* stage.start
          const [metrics] = yield* Subject.steps(stage, 0, 1)
          const { tensors } = yield* stage.save
          return { metrics: metrics!, values: Object.values(tensors).flatMap(({ data }) => Array.from(data)) }
        })
        const whole = yield* trained()
        for (const size of [3, 8]) {
          const parts = yield* trained(size)
          expect(parts.metrics["loss"]).toBeCloseTo(whole.metrics["loss"]!, 9)
          expect(parts.metrics["grad_norm"]).toBeCloseTo(whole.metrics["grad_norm"]!, 9)
          const worst = whole.values.reduce((most, x, i) => Math.max(most, Math.abs(x - parts.values[i]!)), 0)
          expect(worst).toBeLessThan(1e-9)
        }
      })
    ))

  it("error: micro-batches of half a row are refused with the fix", () =>
    run(
      Effect.gen(function* () {
        const error = yield* Effect.flip(Sft.make(Subject.sft({ microBatch: 0.5 })))
        expect(error).toMatchObject({ _tag: "BadMicroBatch", rows: 0.5 })
        expect(error.message).toContain("leave it out")
      })
    ))
})

it("law: held-out prompts are answered from streams of their own, the same at every validation", () =>
  run(
    Effect.gen(function* () {
      const seen: Array<string> = []
      const judge: SftGenerations["judge"] = (_, completion) => {
        seen.push(completion.join())
        return []
      }
      const items = Array.from({ length: 8 }, () => ({ prompt: Subject.validation[0]!.prompt }))
      const optimiser = adamw({ learningRate: 0 })
      const options = { steps: 2, validateEvery: 1, optimiser, generations: { ...generations, items, judge } }
      const stage = yield* Sft.make(Subject.sft(options))
      yield* stage.start
      yield* Subject.steps(stage, 0, 2)
      expect(new Set(seen).size).toBeGreaterThan(4)
      expect(seen.slice(8)).toEqual(seen.slice(0, 8))
    })
  ))

for (const [name, layer] of Subject.backends) {
  describe(`on ${name}`, () => {
    it("answers to held-out prompts are judged at each validation, and change nothing else", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          const options = { steps: 4, validateEvery: 2 }
          const stages = [
            yield* Sft.make(Subject.sft({ ...options, generations })),
            yield* Sft.make(Subject.sft(options))
          ]
          const seen = []
          for (const stage of stages) {
            yield* stage.start
            seen.push(yield* Subject.steps(stage, 0, 4))
          }
          const [judged, plainly] = seen
          const names = [
            "eval/completions/clipped_ratio",
            "eval/completions/mean_length",
            "eval/loss",
            "eval/rewards/copied/mean",
            "eval/rewards/copied/std",
            "eval/rewards/length/mean",
            "eval/rewards/length/std"
          ]
          const ofEval = (i: number) => Object.keys(judged![i]!).filter((key) => key.startsWith("eval/"))
          expect([0, 1, 2, 3].map((i) => ofEval(i).sort())).toEqual([[], names, [], names])
          for (const i of [1, 3]) {
            expect(judged![i]!["eval/rewards/length/mean"]).toBe(judged![i]!["eval/completions/mean_length"])
            expect(judged![i]!["eval/loss"]).toBe(plainly![i]!["eval/loss"])
          }
          expect(Subject.bytes(yield* stages[0]!.last)).toEqual(Subject.bytes(yield* stages[1]!.last))
        })
      ))

    it("law: a stage that answers prompts and trains in micro-batches, resumed, equals the uninterrupted one", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          const options = Subject.sft({ steps: 4, validateEvery: 2, generations, microBatch: 3 })
          yield* Subject.resumes(Sft.make(options), 3)
        })
      ))
  })
}
