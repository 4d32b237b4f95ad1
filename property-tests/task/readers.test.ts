import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, type FileSystem } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { Outcomes } from "../../src/core/data/index.ts"
import { gsm8k, mmluPro, type Task } from "../../src/core/task/index.ts"
import { realData } from "./realData.ts"

const run = <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem>) =>
  Effect.runPromise(effect.pipe(Effect.provide(NodeServices.layer)))
const folder = mkdtempSync(join(tmpdir(), "readers-"))
afterAll(() => rmSync(folder, { recursive: true }))
const jsonl = (rows: ReadonlyArray<unknown>) => rows.map((r) => `${JSON.stringify(r)}\n`).join("")

const disjoint = ({ splits }: Task) => {
  const all = Object.values(splits).flatMap((s) => s.problems.map((p) => p.id))
  expect(new Set(all).size).toBe(all.length)
}

describe("gsm8k", () => {
  const home = join(folder, "gsm8k")
  mkdirSync(home)
  const row = (i: number) => ({
    question: `How many are ${i} and 1?`,
    answer: `It is ${i}+1=<<${i}+1=${i + 1}>>${i + 1}.\n#### ${i + 1}`
  })
  writeFileSync(join(home, "train.jsonl"), jsonl(Array.from({ length: 20 }, (_, i) => row(i))))
  writeFileSync(join(home, "test.jsonl"), jsonl([row(100)]))
  it("law: splits are disjoint, validation comes from train, the expert is right, the seed decides", async () => {
    const task = await run(gsm8k({ folder: home, validation: 5 }))
    disjoint(task)
    expect(Object.values(task.splits).map((s) => s.problems.length)).toEqual([15, 5, 1])
    expect(task.splits.validation.problems.every((p) => p.id.startsWith("gsm8k-train-"))).toBe(true)
    for (const { problem, completion } of task.splits.train.demonstrations) {
      expect(Outcomes.isCorrect(task.checkAnswer(problem, completion))).toBe(true)
      expect(completion).not.toContain("<<")
      expect(task.tokenizer.decode(task.tokenizer.encode(completion))).toBe(completion)
    }
    expect((await run(gsm8k({ folder: home, validation: 5 }))).splits).toEqual(task.splits)
    expect((await run(gsm8k({ folder: home, validation: 5, seed: 1 }))).splits.validation).not.toEqual(
      task.splits.validation
    )
  })
  it("error: a row without a final answer names its line and the mark", async () => {
    const broken = join(folder, "broken")
    mkdirSync(broken)
    writeFileSync(join(broken, "train.jsonl"), jsonl([row(1), { question: "?", answer: "none" }]))
    writeFileSync(join(broken, "test.jsonl"), "")
    const error = await run(Effect.flip(gsm8k({ folder: broken })))
    expect(error.message).toMatch(/train\.jsonl:2, field "answer": holds no final answer after "####"/)
  })
  it("error: a missing folder names the file", async () => {
    expect((await run(Effect.flip(gsm8k({ folder: join(folder, "none") })))).message).toContain("none/train.jsonl")
  })
})

describe("mmluPro", () => {
  const home = join(folder, "mmlu")
  mkdirSync(home)
  const reasoning = "A rather long line of thought that shows the reasoning. "
  const row = (i: number) => ({
    question_id: i,
    category: i % 2 ? "law" : "maths",
    question: `Which is ${i}?`,
    options: ["one", "two", "three"],
    answer: "B",
    answer_index: 1,
    completions: [
      { model: "terse", text: "The answer is (B).\n", pred: "B" },
      { model: "strong", text: `${reasoning}The answer is (${i % 3 ? "B" : "A"}).\n\nQuestion: more?`, pred: "B" },
      { model: "weak", text: `${reasoning}It could be`, pred: "B" }
    ]
  })
  const pack = (rows: ReadonlyArray<unknown>) => gzipSync(jsonl(rows))
  writeFileSync(join(home, "train.jsonl.gz"), pack(Array.from({ length: 12 }, (_, i) => row(i))))
  writeFileSync(join(home, "test.jsonl.gz"), pack([row(50)]))
  it("law: the stored guess is never read, the expert is the strongest that reasons, candidates are judged", async () => {
    const { task, models, expert, candidates, withoutDemonstration } = await run(
      mmluPro({ folder: home, validation: 3 })
    )
    disjoint(task)
    expect(models.map((m) => [m.model, m.usable])).toEqual([
      ["terse", 0],
      ["strong", 1],
      ["weak", 0]
    ])
    expect(expert).toBe("strong")
    expect(withoutDemonstration).toEqual({})
    expect(models[2]).toMatchObject({ accuracy: 0, cutOff: 1 })
    expect(models[1]).toMatchObject({ ranOn: 1 })
    expect(candidates.test.map((c) => [c.model, Outcomes.isCorrect(c.outcome)])).toEqual([
      ["terse", true],
      ["strong", true],
      ["weak", false]
    ])
    const demonstration = task.splits.train.demonstrations[0]!
    expect(demonstration.completion).toMatch(
      /^<think>\nA rather long [\s\S]*reasoning\.\n<\/think>\n<answer>\n[AB]\n<\/answer>$/
    )
  })
  it("law: another expert, or right ones only, is a choice; what it costs is counted", async () => {
    const right = await run(mmluPro({ folder: home, validation: 0, expert: { correctOnly: true } }))
    expect(right.withoutDemonstration).toEqual({ "wrong answer": 4 })
    expect(right.task.splits.train.demonstrations).toHaveLength(8)
    const terse = await run(mmluPro({ folder: home, validation: 0, expert: { model: "terse" } }))
    expect(terse.withoutDemonstration).toEqual({ "no reasoning": 12 })
  })
})

describe("the real files", () => {
  const math = realData("gsm8k")
  math.test("golden: every GSM8K demonstration passes its own check", async () => {
    const task = await run(gsm8k({ folder: math.path }))
    expect(Object.values(task.splits).map((s) => s.problems.length)).toEqual([6973, 500, 1319])
    for (const { demonstrations } of Object.values(task.splits))
      for (const { problem, completion } of demonstrations)
        expect(Outcomes.isCorrect(task.checkAnswer(problem, completion))).toBe(true)
  })
  const choice = realData("mmlu-pro")
  choice.test("golden: the models of MMLU-Pro rank as their sizes suggest, most answers are read", async () => {
    const { task, models, expert } = await run(mmluPro({ folder: choice.path }))
    disjoint(task)
    expect(models.map((m) => m.model)[0]).toBe("gemini-1.5-pro-002")
    expect(expert).toBe("Meta-Llama-3_1-70B-Instruct")
    expect(models.at(-1)?.model).toBe("Llama-2-7b-hf")
    for (const m of models) expect(m.readBy.none).toBeLessThan(0.2)
  })
})
