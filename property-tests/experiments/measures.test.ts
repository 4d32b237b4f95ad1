import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { ResultRow } from "../../src/core/data/index.ts"
import { Measurements, Selectors } from "../../src/core/evaluation/index.ts"
import { chooseReading, measure, type PerturbedTrace, Readings } from "../../src/experiments/evaluate/index.ts"

const reading = { trace: Selectors.mean, step: Selectors.last, detector: Readings.lowest }

/** A completion "ab\ncd" of two steps with a token a character. */
const row = (promptId: string, generation: number, isCorrect: boolean, rewards: ReadonlyArray<number>): ResultRow => ({
  prompt: [{ role: "user", content: promptId }],
  generation: { content: "ab\ncd" },
  generation_idx: generation,
  prompt_id: promptId,
  correctness_reward_func: isCorrect ? 2 : 0,
  extracted_answer: isCorrect ? "1" : "2",
  policy_log_probs: [-1, -1, -1, -5, -1],
  token_ids: [1, 2, 3, 4, 5],
  token_offsets: [0, 1, 2, 3, 4],
  reward_unit_ends: [2, 4],
  reward_model_score: [rewards[0]!, rewards[0]!, rewards[0]!, rewards[1]!, rewards[1]!]
})

const steps = [
  { start: 0, end: 3 },
  { start: 3, end: 5 }
]

describe("measure", () => {
  const rows = [
    row("p", 0, true, [2, 2]),
    row("p", 1, false, [1, -3]),
    row("q", 0, false, [-2, 1]),
    row("q", 1, true, [0, 1])
  ]
  const verdictOf = (of: ResultRow) => ({ firstWrongStep: of.prompt_id === "p" ? 1 : 0, steps })
  const measured = measure({ rows, reading, ks: [1, 2], ns: [1, 2], verdictOf })

  it("golden: pass@k, best-of-n, AUROC and localisation of two prompts", () => {
    expect(Measurements.value(measured.passAt1)).toBe(0.5)
    const at2 = (reranker: string) =>
      Measurements.value(measured.rerank.find((r) => r.reranker === reranker && r.n === 2)!.accuracy)
    expect(at2("reward")).toBe(1)
    expect(at2("random")).toBe(0.5)
    expect(at2("oracle")).toBe(1)
    expect(Measurements.value(measured.separation!.aurocWithinPrompt)).toBe(1)
    const hit = (detector: string) =>
      Measurements.value(measured.localisation.find((l) => l.detector === detector)!.hitAt1)
    expect(hit("reward")).toBe(1)
    // The least likely token is in the second step of both.
    expect(hit("logProb")).toBe(0.5)
  })

  it("edge: rows without a verdict are left out, and methods without a reward have no reward columns", () => {
    const bare = rows.map(({ reward_model_score: _, reward_unit_ends: __, ...rest }) => rest)
    const plain = measure({ rows: bare, reading, verdictOf })
    expect(plain.rerank.some(({ reranker }) => reranker === "reward")).toBe(false)
    expect(plain.localisation.map(({ detector }) => detector)).toEqual(["logProb"])
    const unjudged = measure({ rows: [...rows, { ...rows[0]!, correctness_reward_func: null }], reading })
    expect(Measurements.value(unjudged.passAt1)).toBe(0.5)
    expect(unjudged.localisation).toEqual([])
  })

  it("edge: one reward for the whole trace locates at chance", () => {
    const whole = rows.map((one) => ({ ...one, reward_unit_ends: [4] }))
    const { localisation } = measure({ rows: whole, reading: { ...reading, detector: Readings.fall(3) }, verdictOf })
    const own = localisation.find(({ detector }) => detector === "reward")!
    expect(Measurements.value(own.hitAt1)).toBe(0.5)
    expect(Measurements.value(own.chance)).toBe(0.5)
  })
})

describe("detectors", () => {
  it("golden: the lowest, the largest fall, the first low step of 3, 2, -2, -4", () => {
    const top = (suspicion: ReadonlyArray<number>) => suspicion.indexOf(Math.max(...suspicion))
    const values = [3, 2, -2, -4]
    expect(top(Readings.lowest.suspicion(values))).toBe(3)
    expect(top(Readings.fall(3).suspicion(values))).toBe(2)
    expect(top(Readings.firstLow.suspicion(values))).toBe(2)
    expect(top(Readings.fall(9).suspicion(values))).toBe(0)
  })

  it("law: a detector gives one suspicion a step, whatever the values", () =>
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 1, maxLength: 6 }),
        fc.constantFrom(Readings.lowest, Readings.fall(2), Readings.firstLow),
        (values, { suspicion }) => {
          expect(suspicion(values).length).toBe(values.length)
          expect(suspicion(values.map(() => Number.NaN)).every(Number.isNaN)).toBe(true)
        }
      ),
      { seed: 42, numRuns: 200 }
    ))
})

describe("chooseReading", () => {
  const trace = (steps: ReadonlyArray<number>, changedStep: number): PerturbedTrace => ({
    demonstration: [2, 2, 2],
    perturbed: steps,
    steps: steps.map((value) => [value]),
    changedStep
  })

  it("golden: rewards that stay low after the change are read by their fall, dips by the lowest", () => {
    const stays = [trace([2, -1, -1.5], 1), trace([2, -1, -1.2], 1), trace([-1, -2, -2], 0)]
    expect(chooseReading(stays).detector.name).toBe("largest fall")
    const dips = [trace([1, 0, 2], 1), trace([0, -2, 1], 1), trace([1.5, 3, -1], 2)]
    expect(chooseReading(dips).detector.name).toBe("lowest")
  })
})
