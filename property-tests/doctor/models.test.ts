import { describe, expect, it } from "vitest"
import { Tensors } from "../../src/core/tensor/index.ts"
import { adapterApplied, type HeadHistory, headLearns, samplerAgrees } from "../../src/experiments/doctor/index.ts"

const drawn = (...rawLogProbs: ReadonlyArray<number>) => [{ rawLogProbs }]

describe("sampler and trainer", () => {
  it("golden: equal to rounding", () => expect(samplerAgrees(drawn(-1, -2), [[-1.00001, -2]])._tag).toBe("Passed"))

  it("error: a sampler of other weights; one whose numbers are none; one that drew nothing", () => {
    expect(samplerAgrees(drawn(-1, -2), [[-1.3, -1.9]])).toMatchObject({
      _tag: "Failed",
      reason: expect.stringContaining("other weights")
    })
    expect(samplerAgrees(drawn(Number.NaN), [[-1]])._tag).toBe("Failed")
    expect(samplerAgrees(drawn(), [[]])._tag).toBe("Failed")
  })
})

describe("adapter", () => {
  const off = [[-1, -2]]

  it("golden: a probe moves what the model says, in sampler and trainer alike", () =>
    expect(adapterApplied({ off, on: [[-1.1, -2.2]], drawn: { sampler: [[-3]], trainer: [[-3]] } })._tag).toBe(
      "Passed"
    ))

  it("error: one that is not applied, by the trainer or by the sampler", () => {
    expect(adapterApplied({ off, on: off })).toMatchObject({
      _tag: "Failed",
      reason: expect.stringContaining("not applied")
    })
    expect(adapterApplied({ off, on: [[-1.1, -2.2]], drawn: { sampler: [[-3]], trainer: [[-3.5]] } })).toMatchObject({
      _tag: "Failed",
      reason: expect.stringContaining("draws without the adapter")
    })
    expect(adapterApplied({ off, on: [[Number.NaN, -2]] })._tag).toBe("Failed")
  })
})

describe("critic head", () => {
  const at = (x: number) => ({ "score.weight": Tensors.f32([x, 1], [1, 2]) })
  const learned: HeadHistory = {
    names: ["score.weight"],
    trained: new Set(["score.weight"]),
    before: at(0),
    after: at(0.5),
    loaded: at(0.5)
  }

  it("golden: trained, moved and saved", () => expect(headLearns(learned)._tag).toBe("Passed"))

  it("error: frozen, unmoved, not saved, saved as it was before, and none at all", () => {
    expect(headLearns({ ...learned, trained: new Set() })).toMatchObject({
      _tag: "Failed",
      reason: "score.weight is frozen"
    })
    expect(headLearns({ ...learned, after: at(0), loaded: at(0) })._tag).toBe("Failed")
    expect(headLearns({ ...learned, loaded: {} })._tag).toBe("Failed")
    expect(headLearns({ ...learned, loaded: at(0) })._tag).toBe("Failed")
    expect(headLearns({ ...learned, names: [] })._tag).toBe("Failed")
  })
})
