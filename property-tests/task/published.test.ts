import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, type FileSystem } from "effect"
import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { Outcomes, Problems } from "../../src/core/data/index.ts"
import {
  aime,
  contaminated,
  countdown,
  gsm8k,
  holdOut,
  medReason,
  type Split,
  SystemPrompts,
  scienceQa,
  type Task,
  Tasks
} from "../../src/core/task/index.ts"
import { realData } from "./realData.ts"

const run = <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem>) =>
  Effect.runPromise(effect.pipe(Effect.provide(NodeServices.layer)))
const tables = join(import.meta.dirname, "../../specs/fixtures/tables")
const folder = mkdtempSync(join(tmpdir(), "published-"))
afterAll(() => rmSync(folder, { recursive: true }))

const ids = ({ problems }: Split) => problems.map((p) => p.id).sort()
const sizes = ({ splits }: Task) => Object.values(splits).map((s) => [s.problems.length, s.demonstrations.length])

/** What every reader promises of its task. */
const sound = (task: Task, heldFrom: "train" | "" = "train") => {
  const all = Object.values(task.splits).flatMap((s) => s.problems)
  expect(new Set(all.map((p) => p.id)).size).toBe(all.length)
  const prompts = [task.splits.train, task.splits.validation].map(
    (s) => new Set(s.problems.map((p) => String(p.prompt)))
  )
  expect([...prompts[0]!].filter((p) => prompts[1]!.has(p))).toEqual([])
  expect(task.splits.validation.problems.every((p) => p.id.startsWith(`${task.name}-${heldFrom}`))).toBe(true)
  for (const { problems, demonstrations } of Object.values(task.splits)) {
    const known = new Set(problems)
    for (const demonstration of demonstrations) {
      const { problem, completion } = demonstration
      expect(known.has(problem)).toBe(true)
      expect(Outcomes.isCorrect(task.checkAnswer(problem, completion))).toBe(true)
      expect(task.finalAnswer(problem, completion)).toBe(demonstration.finalAnswer)
      const { prompt, completion: tokens } = Tasks.encodeDemonstration(task, demonstration)
      expect(task.tokenizer.decode(prompt)).toBe(task.renderPrompt(problem))
      expect(task.tokenizer.decode(tokens.slice(0, -1))).toBe(completion)
    }
  }
}

describe("holdOut", () => {
  const item = fc.record({ id: fc.nat(), question: fc.constantFrom(..."abcdefgh") })
  it("law: parts are disjoint, together everything, and never share a question; the first ignores the others' sizes", () =>
    fc.assert(
      fc.property(fc.array(item, { maxLength: 30 }), fc.nat(12), fc.nat(12), fc.nat(9), (items, a, b, seed) => {
        const options = { name: "t", seed, key: (x: { readonly question: string }) => x.question }
        const parts = holdOut(items, [a, b], options)
        expect(parts).toHaveLength(3)
        expect(parts.flat()).toHaveLength(items.length)
        expect(new Set(parts.flat())).toEqual(new Set(items))
        const questions = parts.map((part) => new Set(part.map((x) => x.question)))
        expect(questions.reduce((n, s) => n + s.size, 0)).toBe(new Set(items.map((x) => x.question)).size)
        expect(parts[0]!.length >= Math.min(a, items.length)).toBe(true)
        expect(holdOut(items, [a], options)[0]).toEqual(parts[0])
      }),
      { seed: 42, numRuns: 200 }
    ))
})

describe("gsm8k", () => {
  it("golden: published Parquet shards give the same task as JSON lines", async () => {
    const task = await run(gsm8k({ folder: join(tables, "gsm8k"), validation: 2 }))
    sound(task)
    expect(sizes(task)).toEqual([
      [4, 4],
      [2, 2],
      [1, 1]
    ])
    expect(task.splits.test.demonstrations[0]).toMatchObject({
      problem: { id: "gsm8k-test-0", prompt: "How many are 9 and 1?", finalAnswer: "10" },
      completion: "<think>\nIt is 9+1=10.\n</think>\n<answer>\n10\n</answer>"
    })
  })
})

describe("countdown", () => {
  it("golden: a saved folder gives numbers, target and trace; any right expression is right", async () => {
    const { task } = await run(countdown({ folder: join(tables, "countdown"), validation: 2 }))
    sound(task)
    expect(sizes(task)).toEqual([
      [4, 4],
      [2, 2],
      [2, 2]
    ])
    const [{ problem, completion }] = [task.splits.test.demonstrations[0]!]
    expect(problem).toMatchObject({ id: "countdown-test-0", finalAnswer: "26", numbers: [21, 2, 3] })
    expect(completion).toBe("<think>\nI add them: 21 + 2 + 3 = 26.\n</think>\n<answer>\n21 + 2 + 3\n</answer>")
    const right = (answer: string) => Outcomes.isCorrect(task.checkAnswer(problem, `<answer>${answer}</answer>`))
    expect(["3 + (21 + 2)", "21 + 2", "26", "21 * 2 - 3", "2**3 + 21"].map(right)).toEqual([
      true,
      false,
      false,
      false,
      false
    ])
    // The rule reads the first block; a second one cannot repair it.
    expect(right("26</answer><answer>21 + 2 + 3")).toBe(false)
  })
})

describe("medReason", () => {
  const source = join(tables, "medreason/ours_quality_33000.jsonl")
  it("golden: options and gold answer are read out of the text; what is left out is counted", async () => {
    const { task, leftOut } = await run(medReason({ source, test: 2, validation: 2 }))
    sound(task, "")
    expect(sizes(task)).toEqual([
      [3, 3],
      [2, 2],
      [2, 2]
    ])
    expect(leftOut).toEqual({
      "of huatuo": 1,
      "no option is like the answer": 1,
      "its options are not A to D": 1
    })
    const all = Object.values(task.splits).flatMap((s) => s.demonstrations)
    expect(all.find((d) => d.problem.id === "medreason-6")).toMatchObject({
      problem: { finalAnswer: "D. Delta", category: "medmcqa", options: ["Alpha", "Beta block", "Gamma", "Delta"] }
    })
    const first = all.find((d) => d.problem.id === "medreason-0")!
    expect(first.problem.prompt).toBe(
      "A patient of 30 years has sign 0. What is the diagnosis?\nA. Alpha\nB. Beta block\nC. Gamma\nD. Delta"
    )
    expect(first.completion).toMatch(
      /^<think>\nFinding reasoning paths:[\s\S]*\n<\/think>\n<answer>\nB\. Beta block\n<\/answer>$/
    )
    expect(task.renderPrompt(first.problem)).toBe(`${SystemPrompts.medical}\n${first.problem.prompt}\n`)
  })
  it("law: D6: the test set does not depend on how much is held out for validation", async () => {
    const [a, b] = await Promise.all([0, 4].map((validation) => run(medReason({ source, test: 3, validation }))))
    expect(ids(a!.task.splits.test)).toEqual(ids(b!.task.splits.test))
  })
  it("error: a row without a field names file, line and field", async () => {
    const path = join(folder, "medreason.jsonl")
    const [first] = readFileSync(source, "utf8").split("\n")
    writeFileSync(path, `${first}\n${JSON.stringify({ ...JSON.parse(first!), reasoning: undefined })}\n`)
    const error = await run(Effect.flip(medReason({ source: path })))
    expect(error.message).toContain(`${path}:2, field "reasoning"`)
  })
  it("golden: D4: stored corruptions belong to the completion of their row, and none is lost", async () => {
    const path = join(folder, "corrupted.jsonl")
    const lines = readFileSync(source, "utf8").trim().split("\n").slice(0, 4)
    const rows = lines.map((line, i) => ({
      ...JSON.parse(line),
      ...(i === 2 ? {} : { corrupted_reasonings: [`wrong ${i}`], corrupted_answers: [`A. Alpha ${i}`] })
    }))
    writeFileSync(path, rows.map((r) => `${JSON.stringify(r)}\n`).join(""))
    const { task, corruptions } = await run(medReason({ source: path, test: 0, validation: 0 }))
    const idOf = new Map(task.splits.train.demonstrations.map((d) => [d.completion, d.problem.id]))
    const found = corruptions.map((c) => [idOf.get(c.completion), c.reasonings, c.answers])
    expect(found.sort()).toEqual([0, 1, 3].map((i) => [`medreason-${i}`, [`wrong ${i}`], [`A. Alpha ${i}`]]))
    writeFileSync(path, `${JSON.stringify({ ...rows[0], corrupted_answers: [] })}\n`)
    expect((await run(Effect.flip(medReason({ source: path })))).message).toContain(
      `${path}:1, field "corrupted_answers": 0 answers belong to 1 corrupted_reasonings`
    )
  })
})

describe("scienceQa", () => {
  it("golden: rows with an image are left out, rows without an explanation are unlabelled, answers are texts", async () => {
    const { task, leftOut, corruptions } = await run(scienceQa({ folder: join(tables, "scienceqa"), validation: 2 }))
    sound(task)
    const [train, validation, test] = sizes(task)
    expect([train![0]! + validation![0]!, train![1]! + validation![1]!, test]).toEqual([6, 5, [1, 1]])
    expect(leftOut["has an image"]).toBe(3)
    expect(corruptions).toEqual([])
    expect(task.splits.test.demonstrations[0]).toMatchObject({
      problem: {
        prompt: "Animals move.\nWhich of these is animal 13?\nA. a rock\nB. a cat 13\nC. a lamp",
        finalAnswer: "a cat 13",
        category: "natural science"
      },
      completion: "<think>\nA cat 13 is alive. A rock is not.\n</think>\n<answer>\na cat 13\n</answer>"
    })
  })
})

describe("aime", () => {
  const test = join(folder, "aime2024.jsonl")
  const rows = [
    { id: 60, problem: "Find the number of ways to tile.", answer: "042" },
    { id: "I-2", problem: "How many are there?", answer: 7 }
  ]
  writeFileSync(test, rows.map((r) => `${JSON.stringify(r)}\n`).join(""))
  it("golden: answers are the last box, or what is stated; other collections and answers are left out", async () => {
    const { task, leftOut } = await run(aime({ train: join(tables, "numina"), test: [test], validation: 1 }))
    sound(task)
    expect(sizes(task)).toEqual([
      [3, 3],
      [1, 1],
      [2, 0]
    ])
    expect(leftOut).toEqual({
      "of olympiads": 1,
      "no answer is boxed or stated": 1,
      "the answer is no integer from 0 to 999": 2
    })
    const answers = [...task.splits.train.problems, ...task.splits.validation.problems].map((p) => [
      p.id,
      p.finalAnswer
    ])
    expect(Object.fromEntries(answers)).toEqual({
      "aime-train-0": "42",
      "aime-train-1": "8",
      "aime-train-3": "12",
      "aime-train-7": "7"
    })
    expect(task.splits.test.problems.map((p) => [p.id, p.finalAnswer])).toEqual([
      ["aime-aime2024-60", "42"],
      ["aime-aime2024-I-2", "7"]
    ])
    const judged = ["042", "42", "42.0", "$42$", "43"].map((a) =>
      Outcomes.isCorrect(task.checkAnswer(task.splits.test.problems[0]!, `<answer>${a}</answer>`))
    )
    expect(judged).toEqual([true, true, true, true, false])
  })
  it("law: D9: a training problem that is a test problem is dropped, and reported", async () => {
    const path = join(folder, "leaked.jsonl")
    writeFileSync(path, `${JSON.stringify({ id: 1, problem: "Find the value of x_{3}!", answer: 12 })}\n`)
    const { task, decontamination } = await run(aime({ train: join(tables, "numina"), test: [path], validation: 1 }))
    expect([...contaminated(decontamination)]).toEqual(["aime-train-3"])
    const kept = [...ids(task.splits.train), ...ids(task.splits.validation)]
    expect(kept.sort()).toEqual(["aime-train-0", "aime-train-1", "aime-train-7"])
  })
  it("law: problems of the training file held out to test on are no training problems any more", async () => {
    const { task, decontamination } = await run(
      aime({ train: join(tables, "numina"), test: [], testFromTrain: 2, validation: 1 })
    )
    expect(sizes(task)).toEqual([
      [1, 1],
      [1, 1],
      [2, 2]
    ])
    expect([decontamination.prompts.exact, decontamination.prompts.texts.train]).toEqual([0, 2])
  })
  it("edge: test problems alone are a task", async () => {
    expect(sizes((await run(aime({ test: [test] }))).task)).toEqual([
      [0, 0],
      [0, 0],
      [2, 0]
    ])
  })
  it("error: an answer that is no integer from 0 to 999 names line and field", async () => {
    const path = join(folder, "bad.jsonl")
    writeFileSync(path, `${JSON.stringify({ id: 1, problem: "p", answer: "1000" })}\n`)
    expect((await run(Effect.flip(aime({ test: [path] })))).message).toContain(`${path}:1, field "answer"`)
  })
})

describe("SystemPrompts", () => {
  it("law: D8: the answer that a prompt shows has the form of the demonstrations", async () => {
    const shown = (text: string) => [...text.matchAll(/<answer>\n(.*)\n<\/answer>/g)].at(-1)?.[1] ?? ""
    const form = (answer: string) => [/^[A-J]$/, /^[A-J]\. /].map((f) => f.test(answer))
    const medical = await run(
      medReason({ source: join(tables, "medreason/ours_quality_33000.jsonl"), test: 1, validation: 1 })
    )
    const science = await run(scienceQa({ folder: join(tables, "scienceqa"), validation: 1 }))
    expect(form(shown(SystemPrompts.letter))).toEqual([true, false])
    for (const { task } of [medical, science])
      for (const { problem, finalAnswer } of task.splits.train.demonstrations)
        expect(form(finalAnswer!)).toEqual(form(shown(task.renderPrompt(problem))))
  })
  it("law: without a system role the prompt opens the user's turn, and nothing else changes", () => {
    const problem = { id: "p", prompt: "1+1?" }
    const [system, user] = SystemPrompts.conversation(problem, { systemPrompt: "S" })
    expect([system, user]).toEqual([
      { role: "system", content: "S" },
      { role: "user", content: "1+1?" }
    ])
    expect(SystemPrompts.conversation(problem, { systemPrompt: "S", noSystem: true })).toEqual([
      { role: "user", content: "S\n\n1+1?" }
    ])
    expect(SystemPrompts.conversation(problem, { noSystem: true })).toEqual(Problems.messages(problem))
  })
})

describe("the real files", () => {
  const numbers = realData("countdown")
  numbers.test("golden: Countdown's expert errs in 14 of 1299 published answers, which can be left out", async () => {
    const { task, leftOut } = await run(countdown({ folder: numbers.path }))
    expect(sizes(task)).toEqual([
      [900, 899],
      [100, 100],
      [300, 300]
    ])
    expect(leftOut).toEqual({ "no trace or no answer": 1 })
    const wrong = Object.values(task.splits).map(
      (s) =>
        s.demonstrations.filter((d) => Outcomes.isCorrect(task.checkAnswer(d.problem, d.completion)) !== true).length
    )
    expect(wrong).toEqual([9, 0, 5])
    const right = await run(countdown({ folder: numbers.path, correctOnly: true, tokenizer: task.tokenizer }))
    expect(right.leftOut).toEqual({ "no trace or no answer": 1, "wrong answer": 9 })
    sound(right.task)
  })
  const competition = realData("aime")
  competition.test("golden: 30 problems of AIME 2024 and 30 of 2025, and no question twice", async () => {
    const files = ["test2024", "test2025-I", "test2025-II"].map((f) => join(competition.path, `${f}.jsonl`))
    const { task } = await run(aime({ test: files }))
    expect(task.splits.test.problems).toHaveLength(60)
    expect(new Set(ids(task.splits.test)).size).toBe(60)
  })
})
