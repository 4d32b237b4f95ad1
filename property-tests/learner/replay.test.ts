import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Negative, Replays } from "../../src/core/learner/index.ts"
import { Rng } from "../../src/core/tensor/index.ts"

const runs = { seed: 42, numRuns: 200 }
const ids = fc.array(fc.nat(9), { maxLength: 5 })
const negative: fc.Arbitrary<Negative> = fc.record({
  prompt: ids,
  completion: ids,
  demonstration: fc.integer({ min: -1, max: 4 })
})
const batches = fc.array(fc.array(negative, { maxLength: 4 }), { maxLength: 5 })

const filled = (capacity: number, pushed: ReadonlyArray<ReadonlyArray<Negative>>) =>
  pushed.reduce(Replays.push, Replays.empty(capacity))

describe("push", () => {
  it("law: the fresh batch is the last one, the past is a suffix of what came before, never above capacity", () =>
    fc.assert(
      fc.property(fc.nat(8), batches, (capacity, pushed) => {
        const replay = filled(capacity, pushed)
        const before = pushed.slice(0, -1).flat()
        expect(replay.fresh).toEqual(pushed.at(-1) ?? [])
        expect(replay.past).toEqual(before.slice(Math.max(0, before.length - capacity)))
      }),
      runs
    ))
})

describe("draw", () => {
  it("law: n rollouts, the stated share of them fresh; equal streams draw equal ones", () =>
    fc.assert(
      fc.property(batches, fc.nat(12), fc.constantFrom(0, 0.25, 0.5, 1), (pushed, n, share) => {
        const replay = filled(8, pushed)
        const drawn = Replays.draw(Rng.make(1, "draw"), replay, n, share)
        expect(Replays.draw(Rng.make(1, "draw"), replay, n, share)).toEqual(drawn)
        const held = replay.fresh.length + replay.past.length
        expect(drawn.length).toBe(held === 0 ? 0 : n)
        if (replay.fresh.length > 0 && replay.past.length > 0) {
          const wanted = Math.round(n * share)
          for (const [i, one] of drawn.entries()) expect(i < wanted ? replay.fresh : replay.past).toContain(one)
        }
      }),
      runs
    ))

  it("law: nothing is drawn twice while there is enough", () => {
    const many = Array.from({ length: 20 }, (_, i): Negative => ({ prompt: [i], completion: [], demonstration: -1 }))
    const drawn = Replays.draw(Rng.make(2), filled(0, [many]), 20, 1)
    expect(new Set(drawn).size).toBe(20)
  })
})

describe("toTensors", () => {
  it("law: a buffer that was written is read back equal, empty completions included", () =>
    fc.assert(
      fc.property(fc.nat(8), batches, (capacity, pushed) => {
        const replay = filled(capacity, pushed)
        expect(Replays.fromTensors(capacity, Replays.toTensors(replay))).toEqual(replay)
      }),
      runs
    ))
})
