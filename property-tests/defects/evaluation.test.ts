import { describe, expect, it } from "vitest"
import {
  areaUnderRiskCoverage,
  aurocOf,
  aurocPooled,
  bestOfNOfPrompt,
  brierScore,
  crossCalibrate,
  differenceOverPrompts,
  expectedCalibrationError,
  Measurements,
  majorityOfPrompt,
  meanAndStd,
  meanOverPrompts,
  passAtK,
  pearson,
  platt,
  promptContrast,
  Rerankers,
  Resamplings,
  Selectors,
  successAtKOfPrompt,
  weightedMajorityOfPrompt,
  weightedPassAtKOfPrompt
} from "../../src/core/evaluation/index.ts"
import { keyed, PromptPools, TraceRegions, TraceScores } from "../../src/core/result/index.ts"

/** The defects of the reference's evaluation, numbered as there; the rest have their tests beside their subject. */
const { standard } = Resamplings
const bits = (text: string) => [...text].map((c) => c === "1")

describe("scores and alignment", () => {
  it("defect 1: NaN ranks last, and is counted", () => {
    const pool = { correct: bits("10"), answers: ["a", "b"], scores: { reward: [Number.NaN, -9] } }
    const [row] = Rerankers.curve([pool, pool], [Rerankers.byScore("reward")], [2], standard)
    expect(row).toMatchObject({ accuracy: { value: 0 }, nonFinite: 2 })
  })

  it("defect 2: constant scores are the random pick, m/N, whichever place the correct one has", () => {
    for (const correct of ["1000", "0100", "0001"])
      for (const n of [1, 2, 4]) expect(bestOfNOfPrompt({ correct: bits(correct), scores: [5, 5, 5, 5] }, n)).toBe(0.25)
  })

  const traced = (content: string, starts: ReadonlyArray<number>, rewards: ReadonlyArray<number>) =>
    keyed({
      prompt: [{ role: "user", content: "q" }],
      generation: { content },
      generation_idx: 0,
      correctness_reward_func: 2,
      token_offsets: starts,
      reward_model_score: rewards,
      schema_version: 1
    })

  it("defect 3: the answer's rewards are found by token offsets, with or without an end token", () => {
    const text = "answer: so <answer>42</answer>"
    const starts = [0, 8, 11, 19, 21]
    expect(TraceScores.reward(Selectors.mean)(traced(text, starts, [0, 0, 0, 5, 0]))).toBe(1)
    expect(TraceRegions.answerTokens(traced(text, starts, []))).toEqual({ start: 3, end: 4 })
    expect(TraceRegions.answerOnly(traced(text, starts, [0, 0, 0, 5, 0]))).toBe(5)
    expect(TraceRegions.answerOnly(traced(text, [...starts, 30], [0, 0, 0, 5, 0, 9]))).toBe(5)
  })

  it("defect 18: a word of prose is no answer, and a trace without one has none to boost but its last fifth", () => {
    const prose = traced("the answer is 4 .", [0, 4, 11, 14, 16], [0, 0, 0, 0, 6])
    expect(TraceRegions.answerTokens(prose)).toBeUndefined()
    expect(TraceRegions.answerOnly(prose)).toBeNaN()
    expect(TraceRegions.answerBoosted(2)(prose)).toBe(2)
    const tagged = traced("<answer>4</answer>", [0, 8, 9], [0, 3, 0])
    expect(TraceRegions.answerBoosted(2)(tagged)).toBe(6 / 4)
  })

  it("golden: regions of a trace in tokens, and none where it has no such part", () => {
    const row = traced("<think>a b</think><answer>1</answer>", [0, 7, 8, 10, 18, 26, 27], [])
    expect((["all", "pre_answer", "think"] as const).map((r) => TraceRegions.regionTokens(row, r))).toEqual([
      { start: 0, end: 7 },
      { start: 0, end: 4 },
      { start: 1, end: 3 }
    ])
    const bare = traced("a b", [0, 1], [])
    expect((["all", "pre_answer", "think"] as const).map((r) => TraceRegions.regionTokens(bare, r))).toEqual([
      { start: 0, end: 2 },
      undefined,
      undefined
    ])
    const { token_offsets: _, ...unplaced } = bare
    expect(TraceRegions.regionTokens(unplaced, "all")).toBeUndefined()
  })

  it("defect 9: with scoring off every metric of the reward is not available", () => {
    const off = { ...traced("x", [0], []), reward_model_score: undefined }
    const { reward_model_score: _, ...row } = off
    const pools = PromptPools.ofRows([row], { scores: { reward: TraceScores.reward(Selectors.mean) } })
    const [result] = Rerankers.curve(pools, [Rerankers.byScore("reward")], [1], standard)
    expect(result?.accuracy).toEqual({
      _tag: "NotAvailable",
      reason: "no prompt has 1 completions to rank by reward"
    })
  })
})

describe("metrics", () => {
  it("defect 10: scores and correctness that do not pair up are refused by every metric, never paired from the start", () => {
    const pool = { correct: bits("110"), scores: [1, 2], answers: ["a", "b"] }
    const refused = [
      () => bestOfNOfPrompt(pool, 1),
      () => successAtKOfPrompt(pool, 1),
      () => weightedPassAtKOfPrompt(pool, 1),
      () => majorityOfPrompt(pool, 1),
      () => weightedMajorityOfPrompt({ ...pool, answers: ["a", "b", "c"] }, 1),
      () => differenceOverPrompts([1, 0], [1], standard),
      () => aurocOf(pool),
      () => aurocPooled([pool], standard),
      () => areaUnderRiskCoverage([pool], standard),
      () => promptContrast([pool, pool], standard),
      () => pearson([1, 2], [1])
    ]
    for (const one of refused) expect(one).toThrow(RangeError)
  })

  it("defect 11: k beyond the completions has no value, and takes no prompt down to 0", () => {
    expect(passAtK([bits("11"), bits("1100")], 3, standard)).toMatchObject({ value: 1, n: 1 })
    expect(Measurements.isEstimate(passAtK([bits("11")], 3, standard))).toBe(false)
  })

  it("defect 12: a small spread around a large mean is not lost, nor negative: one stated denominator, n", () => {
    const values = [1e9 + 1, 1e9 + 2, 1e9 + 3]
    expect(meanAndStd(values)).toEqual({ mean: 1e9 + 2, std: Math.sqrt(2 / 3), n: 3 })
    expect(meanAndStd([1, Number.NaN])).toEqual({ mean: 1, std: 0, n: 1 })
    expect(meanAndStd([])).toBeUndefined()
  })

  it("defect 14: completions without an answer do not vote, and log-probs that are absent are no majority", () => {
    expect(majorityOfPrompt({ correct: bits("100"), answers: ["18", undefined, undefined] }, 3)).toBe(1)
    const pool = { correct: bits("110"), answers: ["a", "a", "b"], scores: {} }
    const rows = Rerankers.curve([pool], [Rerankers.byScore("logProb"), Rerankers.majority], [3], standard)
    expect(rows.map((row) => row.accuracy._tag)).toEqual(["NotAvailable", "Estimate"])
  })

  it("defect 14: answers vote by what they say, however it is written", () => {
    const row = (i: number, extracted_answer: string | null) =>
      keyed({
        prompt: [{ role: "user", content: "q" }],
        generation: { content: "" },
        generation_idx: i,
        correctness_reward_func: i < 3 ? 2 : 0,
        extracted_answer
      })
    const [pool] = PromptPools.ofRows(["$1,800", "1800.0", "1800", "7", "7", null, " "].map((a, i) => row(i, a)))
    expect(pool?.answers).toEqual(["1800", "1800", "1800", "7", "7", undefined, undefined])
    expect(Rerankers.majority.accuracy(pool!, 7)).toBe(1)
  })

  it("defect 15: the value is the full sample's, not the mean of its resamples, which is biased for ECE", () => {
    const pools = Array.from({ length: 20 }, (_, b) => ({ correct: [b % 2 === 0], probabilities: [0.5] }))
    expect(expectedCalibrationError(pools, standard)).toMatchObject({ value: 0 })
    const measured = expectedCalibrationError(pools, standard)
    expect(Measurements.isEstimate(measured) && measured.ci95[1]).toBeGreaterThan(0)
  })

  it("defect 15: what is no probability has no calibration error, and a fit never judges the prompts that it saw", () => {
    const unbounded = [{ correct: [true, false], probabilities: [3.2, 0.1] }]
    for (const metric of [expectedCalibrationError, brierScore])
      expect(metric(unbounded, standard)).toEqual({
        _tag: "NotAvailable",
        reason: "1 of 2 values are not probabilities in [0, 1]"
      })
    // At even places high scores are right, at odd places wrong: a fit to the other half says the opposite of the truth.
    const pools = [0, 1, 2, 3].map((b) => ({ correct: b % 2 === 0 ? [true, false] : [false, true], scores: [1, 0] }))
    const [even, odd] = crossCalibrate(platt, pools)
    expect(even!.probabilities[0]).toBeLessThan(even!.probabilities[1]!)
    expect(odd!.probabilities[0]).toBeGreaterThan(odd!.probabilities[1]!)
  })

  it("defect 15: prompts are resampled: sixteen copies of a completion make no interval narrower", () => {
    const once = Array.from({ length: 8 }, (_, b) => ({ correct: [b % 2 === 0], probabilities: [0.7] }))
    const often = once.map(({ correct, probabilities }) => ({
      correct: new Array<boolean>(16).fill(correct[0]!),
      probabilities: new Array<number>(16).fill(probabilities[0]!)
    }))
    const [a, b] = [once, often].map((pools) => expectedCalibrationError(pools, standard))
    if (a?._tag !== "Estimate" || b?._tag !== "Estimate") throw new Error("no estimate")
    expect(b.ci95.map((x, i) => x - a.ci95[i]!)).toEqual([expect.closeTo(0, 12), expect.closeTo(0, 12)])
  })

  it("defect 16: a gain is a paired difference to m/N of the same pools, with its own interval", () => {
    const pools = [0, 1, 2, 3].map((b) => ({
      correct: bits(b % 2 === 0 ? "1100" : "1000"),
      answers: ["a", "a", "b", "b"],
      scores: { reward: [4, 3, 2, 1] }
    }))
    const [reward, random] = Rerankers.curve(pools, [Rerankers.byScore("reward"), Rerankers.random], [4], standard)
    expect(reward).toMatchObject({ accuracy: { value: 1 }, gain: { value: 1 - 0.375 } })
    expect(random).toMatchObject({ gain: { value: 0, ci95: [0, 0] } })
    expect(meanOverPrompts([0.5, 0.75], standard, "")).toMatchObject({ value: 0.625 })
  })
})
