import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Reference from "../../src/backends/reference/index.ts"
import { evaluate } from "../../src/core/kernel/index.ts"
import { Airl, batchAt, Critics, type Negative, Replays, Sequence, Units } from "../../src/core/learner/index.ts"
import { Segment } from "../../src/core/objective/index.ts"
import { input, Programs } from "../../src/core/program/index.ts"
import { Granularities } from "../../src/core/reward/index.ts"
import { arithmetic, Tasks } from "../../src/core/task/index.ts"
import { Rng, Tensors } from "../../src/core/tensor/index.ts"
import * as Subject from "../learner/subject.ts"

const ci = { seed: 42, numRuns: 100 }
const token = fc.integer({ min: 2, max: Subject.VOCABULARY - 1 })
const completion = fc.array(token, { maxLength: 12 }).map((ids) => [...ids, Subject.EOS])
const prompt = fc.array(token, { minLength: 1, maxLength: 9 })
const granularity = fc.constantFrom(...Subject.granularities)

const at = (weights: ArrayLike<number>): ReadonlyArray<number> =>
  Array.from(weights).flatMap((weight, t) => (weight === 0 ? [] : [t]))

describe("critic", () => {
  it("D1: every policy step's updates change the critic, and so does every update of the warm-up", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const stage = yield* Airl.make(
          Subject.airl(Granularities.dense, { critic: Subject.critic(Granularities.dense, { verifyUpdates: false }) })
        )
        yield* stage.start
        const weights = Effect.map(stage.save, ({ tensors }) => {
          const params = Object.entries(tensors).filter(([name]) => name.startsWith("critic/param/"))
          return JSON.stringify(Subject.bytes(Object.fromEntries(params)))
        })
        const seen = [yield* weights]
        for (let i = 0; i < stage.steps; i++) {
          yield* stage.step(i)
          seen.push(yield* weights)
        }
        expect(seen.length).toBe(8)
        expect(new Set(seen).size).toBe(8)
      })
    ))

  it("D2: loss and reward take the same tokens of a completion, from its first, whatever the prompt or the padding", () => {
    fc.assert(
      fc.property(granularity, completion, fc.array(prompt, { minLength: 2, maxLength: 4 }), (unit, ids, prompts) => {
        const partition = Units.partitioner(unit, Subject.tokenizer)
        const traces = prompts.map((p) => ({ prompt: p, completion: ids }))
        const width = Sequence.width(traces) + 16
        const options = { partition }
        const labelled = traces.map((sequence) => ({ sequence, source: { _tag: "Demonstration" } as const }))
        const { expert } = Critics.feedsOf(labelled, options, width)
        const logits = Float64Array.from({ length: traces.length * width }, (_, i) => i)
        const read = Sequence.completionsOf(traces, logits, width)
        for (const [row, { prompt: own }] of traces.entries()) {
          const inLoss = at(expert.data.subarray(row * width, (row + 1) * width))
          expect(Units.atUnits(partition(ids), read[row]!).units).toEqual(inLoss.map((t) => row * width + t))
          expect(inLoss.map((t) => t - own.length)).toEqual(Array.from(partition(ids).ends))
        }
      }),
      ci
    )
    const [first, second] = [Granularities.dense, Granularities.interval(3)].map((unit) =>
      Array.from(Units.partitioner(unit, Subject.tokenizer)([3, 4, 5, 6, Subject.EOS]).ends)
    )
    expect([first, second]).toEqual([
      [0, 1, 2, 3, 4],
      [2, 4]
    ])
  })

  it("D3: an expert's trace ends with one end token, and nothing but its label tells it from a rollout", () => {
    const task = arithmetic({ seed: 1, train: 20, validation: 1, test: 1 })
    for (const demonstration of task.splits.train.demonstrations) {
      const { completion } = Tasks.encodeDemonstration(task, demonstration)
      expect(at(completion.map((id) => (id === task.tokenizer.eosId ? 1 : 0)))).toEqual([completion.length - 1])
    }
    fc.assert(
      fc.property(granularity, prompt, completion, (unit, own, ids) => {
        const sequence = { prompt: own, completion: ids }
        const options = { partition: Units.partitioner(unit, Subject.tokenizer) }
        const rows = (["Demonstration", "Rollout"] as const).map((_tag) => ({ sequence, source: { _tag } }))
        const width = Sequence.width([sequence])
        const { ids: fed, expert, policy } = Critics.feedsOf(rows, options, width)
        expect(fed.data.subarray(0, width)).toEqual(fed.data.subarray(width))
        expect(expert.data.subarray(0, width)).toEqual(policy.data.subarray(width))
      }),
      ci
    )
  })

  it("D5: every rollout keeps its own label, none is lost, and each stands beside the expert of its prompt", () => {
    const rollout = fc.record({ demonstration: fc.integer({ min: -1, max: 23 }), switched: fc.boolean() })
    fc.assert(
      fc.property(fc.array(rollout, { minLength: 1, maxLength: 9 }), fc.nat(), (drawn, seed) => {
        const fresh = drawn.map((one, i): Negative => ({ prompt: [i + 2], completion: [i + 2, Subject.EOS], ...one }))
        const batch = { rollouts: fresh.length, freshShare: 1, perturbed: 2 }
        const options = Subject.critic(Granularities.sparse, { batch })
        const rows = Critics.drawBatch(options, { capacity: 0, fresh, past: [] }, Rng.make(seed))
        const found = rows.filter(({ source }) => source._tag === "Switched" || source._tag === "Rollout")
        expect(new Set(found.map(({ sequence }) => sequence))).toEqual(new Set(fresh))
        expect(found.length).toBe(fresh.length)
        for (const { sequence, source, beside } of found) {
          const own = fresh.find((one) => one === sequence)!
          expect(source._tag === "Switched").toBe(own.switched)
          if (own.demonstration >= 0) expect(rows[beside]!.sequence).toBe(Subject.train[own.demonstration])
        }
      }),
      ci
    )
  })

  it("D15: of each update's rollouts the stated share is the present policy's, however many past ones are kept", () => {
    const batch = (from: number, n: number): ReadonlyArray<Negative> =>
      Array.from({ length: n }, (_, i) => ({ prompt: [from + i], completion: [], demonstration: -1 }))
    const replay = Replays.push(Replays.push(Replays.empty(5000), batch(0, 5000)), batch(9000, 16))
    for (const [share, wanted] of [
      [0.25, 2],
      [0.5, 4],
      [1, 8]
    ] as const) {
      for (let update = 0; update < 20; update++) {
        const drawn = Replays.draw(Rng.make(1, update), replay, 8, share)
        expect(drawn.filter(({ prompt }) => prompt[0]! >= 9000).length).toBe(wanted)
      }
    }
  })

  it("D16: a walk through the prompts meets each once an epoch, and the next batch holds others", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 }), fc.nat(), (size, batches, seed) => {
        const items = Array.from({ length: size * batches }, (_, i) => i)
        for (const epoch of [0, 1]) {
          const met = items.slice(0, batches).flatMap((b) => batchAt(seed, "warm-up", items, size, epoch * batches + b))
          expect(met.toSorted((a, b) => a - b)).toEqual(items)
        }
      }),
      ci
    )
  })

  it("D17: an offset a token leaves the logit at the reward's size, however long the segment", () => {
    const tokens = [1, 10, 100]
    const shape = [1, 3] as const
    const logit = (logProbWeight?: number) => {
      const terms = {
        g: input("g", shape),
        before: input("zero", shape),
        after: input("zero", shape),
        logProbs: input("logProbs", shape)
      }
      const { logits } = Segment.shaped(terms, { gamma: 1, ...(logProbWeight === undefined ? {} : { logProbWeight }) })
      const found = evaluate(Programs.fromExprs({ logits }), {
        g: Tensors.f64([1, 1, 1], shape),
        zero: Tensors.f64([0, 0, 0], shape),
        logProbs: Tensors.f64(
          tokens.map((n) => (logProbWeight === undefined ? -2 * n : -2)),
          shape
        )
      })
      return Array.from(found["logits"]!.data)
    }
    // The sum over the tokens, as AIRL has it: 2 nats each.
    expect(logit()).toEqual([3, 21, 201])
    expect(logit(0.5)).toEqual([2, 2, 2])
    expect(logit(0)).toEqual([1, 1, 1])
  })
})
