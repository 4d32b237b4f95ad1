import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, type FileSystem } from "effect"
import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { type Source, Sources } from "../../src/core/data/index.ts"
import {
  firstWrongStep,
  prm800k,
  processBench,
  type StepRating,
  type StepTrace,
  stepText,
  stepwise
} from "../../src/core/task/index.ts"

const folder = mkdtempSync(join(tmpdir(), "steps-"))
afterAll(() => rmSync(folder, { recursive: true }))
const source = (name: string, rows: ReadonlyArray<unknown>): Source => {
  writeFileSync(
    join(folder, name),
    name.endsWith(".json") ? JSON.stringify(rows) : rows.map((r) => `${JSON.stringify(r)}\n`).join("")
  )
  return Sources.file(join(folder, name))
}
const run = <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem>) =>
  Effect.runPromise(effect.pipe(Effect.provide(NodeServices.layer)))
const message = async <A, E extends Error>(effect: Effect.Effect<A, E, FileSystem.FileSystem>) =>
  (await run(Effect.flip(effect))).message
const brief = ({ steps, ratings }: StepTrace) => [steps.join(" "), ratings]

describe("processBench", () => {
  const row = (label: number, more = {}) => ({
    id: "gsm8k-0",
    generator: "Qwen2-7B-Instruct",
    problem: "How many?",
    steps: ["one", "two", "three"],
    final_answer_correct: false,
    label,
    ...more
  })
  it("golden: the label is the first wrong step from 0, or -1; what follows it is not judged", async () => {
    const traces = await run(processBench(source("gsm8k.json", [row(1), row(-1), row(0), row(2)])))
    expect(traces.map((t) => [t.ratings, firstWrongStep(t)])).toEqual([
      [[1, -1, undefined], 1],
      [[1, 1, 1], undefined],
      [[-1, undefined, undefined], 0],
      [[1, 1, -1], 2]
    ])
    expect(traces[0]).toMatchObject({
      problem: { id: "gsm8k-0", prompt: "How many?", category: "gsm8k" },
      finalAnswerCorrect: false,
      source: "Qwen2-7B-Instruct"
    })
  })
  it.each([3, -2])("error: label %i is no step of the row", async (label) =>
    expect(await message(processBench(source("bad.json", [row(0), row(label)])))).toContain(
      'bad.json, row 2, field "label": is none of the 3 steps'
    ))
})

describe("stepwise", () => {
  it("golden: true is right, false wrong, and -100 not judged, though it is no 0", async () => {
    const rows = [{ prompt: "1+1?", completions: ["a", "b", "c"], labels: [true, -100, false] }]
    const [trace] = await run(stepwise(source("stepwise.jsonl", rows)))
    expect(trace).toEqual({
      problem: { id: "stepwise-0", prompt: "1+1?" },
      steps: ["a", "b", "c"],
      ratings: [1, undefined, -1]
    })
  })
  it("error: labels that are too few, or of another kind", async () => {
    const row = { prompt: "p", completions: ["a", "b"] }
    expect(await message(stepwise(source("few.jsonl", [{ ...row, labels: [true] }])))).toContain(
      "1 labels belong to 2 completions"
    )
    expect(await message(stepwise(source("kind.jsonl", [{ ...row, labels: [true, 0.5] }])))).toContain(
      'kind.jsonl:1, field "labels.1"'
    )
  })
})

describe("prm800k", () => {
  const completion = (text: string, rating: number | null) => ({ text, rating, flagged: null })
  const step = (chosen: number | null, completions: ReadonlyArray<unknown>, human: unknown = null) => ({
    completions,
    human_completion: human,
    chosen_completion: chosen
  })
  const row = (finish: string, steps: ReadonlyArray<unknown>, more = {}) => ({
    labeler: "l",
    question: { problem: "What is it?", ground_truth_answer: "40,\\!000" },
    label: { steps, total_time: 1, finish_reason: finish },
    ...more
  })
  it("golden: the solution's own steps up to the first wrong one, and what was proposed in their place", async () => {
    // The form of the published example: labelling ends at a wrong step, which is not chosen.
    const steps = [
      step(0, [completion("a", 0)]),
      step(1, [completion("x", -1), completion("b", 1)]),
      step(null, [completion("c", -1), completion("d", 0), completion("e", -1)])
    ]
    const { traces, alternatives, leftOut } = await run(prm800k(source("phase2.jsonl", [row("found_error", steps)])))
    expect(traces.map(brief)).toEqual([["a b c", [0, 1, -1]]])
    expect(alternatives.map(brief)).toEqual([
      ["a x", [0, -1]],
      ["a b d", [0, 1, 0]],
      ["a b e", [0, 1, -1]]
    ])
    expect(traces[0]).toEqual({
      ...traces[0],
      problem: { id: "prm800k-0", prompt: "What is it?", finalAnswer: "40,\\!000" }
    })
    expect([traces[0]!.finalAnswerCorrect, leftOut]).toEqual([undefined, {}])
  })
  it("golden: a labeller's own step is right, all that was proposed instead is an alternative", async () => {
    const steps = [
      step(null, [completion("x", -1)], { text: "mine", rating: null }),
      step(0, [completion("end", null)])
    ]
    const { traces, alternatives } = await run(prm800k(source("phase1.jsonl", [row("solution", steps)])))
    expect(traces.map(brief)).toEqual([["mine end", [1, undefined]]])
    expect(traces[0]!.finalAnswerCorrect).toBe(true)
    expect(alternatives.map(brief)).toEqual([["x", [-1]]])
  })
  it("golden: rows that all labellers saw, broken problems and rows without steps are counted, not read", async () => {
    const steps = [step(0, [completion("a", 1)])]
    const rows = [
      row("solution", steps, { is_quality_control_question: true }),
      row("solution", steps, { is_initial_screening_question: true }),
      row("bad_problem", steps),
      row("give_up", []),
      row("give_up", steps)
    ]
    const { traces, leftOut } = await run(prm800k(source("left.jsonl", rows)))
    expect(traces.map((t) => t.problem.id)).toEqual(["prm800k-4"])
    expect(leftOut).toEqual({
      "shown to control quality": 1,
      "shown to screen labellers": 1,
      "the problem is broken": 1,
      "no step was labelled": 1
    })
  })
  it.each([
    ["a rating that is none", [step(0, [completion("a", 2)])], "rating"],
    ["a choice that is not there", [step(1, [completion("a", 1)])], "chosen_completion"],
    ["a step without anything", [step(null, [])], "completions"]
  ])("error: %s names line and field", async (_, steps, field) =>
    expect(await message(prm800k(source("bad.jsonl", [row("solution", steps)])))).toMatch(
      new RegExp(`bad\\.jsonl:1, field "label\\.steps\\.0\\.[\\w.]*${field}"`)
    ))
})

describe("stepText", () => {
  const step = fc.record({
    text: fc.string({ maxLength: 8 }),
    rating: fc.constantFrom<StepRating>(-1, 0, 1, undefined)
  })
  it("law: the spans part the text in order, each beginning with its step, and the verdict is the first step rated wrong", () =>
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), fc.string({ maxLength: 3 }), (all, separator) => {
        const trace = { steps: all.map((s) => s.text), ratings: all.map((s) => s.rating) }
        const { text, verdict } = stepText(trace, separator)
        expect(verdict.steps.map(({ start, end }) => text.slice(start, end))).toEqual(
          trace.steps.map((s, i) => (i < all.length - 1 ? s + separator : s))
        )
        expect(verdict.steps.map((s) => s.start)).toEqual([0, ...verdict.steps.slice(0, -1).map((s) => s.end)])
        expect(verdict.steps.at(-1)?.end).toBe(text.length)
        const wrong = all.findIndex((s) => s.rating === -1)
        expect(verdict.firstWrongStep).toBe(wrong < 0 ? undefined : wrong)
      }),
      { seed: 42, numRuns: 200 }
    ))
})
