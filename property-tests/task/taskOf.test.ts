import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, type FileSystem, Layer } from "effect"
import { afterAll, describe, expect, expectTypeOf, it } from "vitest"
import type { RunConfig } from "../../src/core/config/index.ts"
import { Hub, HubError, type Listing, Outcomes, type Repo } from "../../src/core/data/index.ts"
import {
  listedOptions,
  type NamedTask,
  readBoxedSolution,
  SystemPrompts,
  type Task,
  type TaskName,
  taskOf
} from "../../src/core/task/index.ts"
import { formulaCheck, ThinkAnswer } from "../../src/core/text/index.ts"

const tables = join(import.meta.dirname, "../../specs/fixtures/tables")
const folder = mkdtempSync(join(tmpdir(), "taskOf-"))
afterAll(() => rmSync(folder, { recursive: true }))
const home = (name: string, files: Readonly<Record<string, ReadonlyArray<unknown>>>) => {
  mkdirSync(join(folder, name), { recursive: true })
  for (const [file, rows] of Object.entries(files))
    writeFileSync(join(folder, name, `${file}.jsonl`), rows.map((r) => `${JSON.stringify(r)}\n`).join(""))
  return join(folder, name)
}

/** A hub whose files lie in a folder already; it notes what it is asked for. */
const hubOf = (repos: Readonly<Record<string, { readonly folder: string; readonly files: ReadonlyArray<string> }>>) => {
  const asked: Array<string> = []
  const keyOf = ({ id, revision = "main" }: Repo) => `${id}@${revision}`
  const layer = Layer.succeed(Hub, {
    list: (repo) => {
      const found = repos[keyOf(repo)]
      const files = (found?.files ?? []).map((path) => ({ path, bytes: 1 }))
      return found === undefined
        ? Effect.fail(new HubError({ kind: "revision", repo, reason: "none" }))
        : Effect.succeed({ repo, commit: "c0ffee", files })
    },
    fetch: ({ repo }: Pick<Listing, "repo" | "commit">, paths) => {
      asked.push(...paths)
      return Effect.succeed(repos[keyOf(repo)]!.folder)
    }
  })
  return { layer, asked }
}
const run = <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem | Hub>, hub = hubOf({}).layer) =>
  Effect.runPromise(effect.pipe(Effect.provide(hub), Effect.provide(NodeServices.layer)))
/** Problems and demonstrations of train, validation and test. */
const sizes = ({ task: { splits } }: NamedTask) =>
  [splits.train, splits.validation, splits.test].map((s) => `${s.problems.length}/${s.demonstrations.length}`).join(" ")
const message = async (effect: ReturnType<typeof taskOf>) => (await run(Effect.flip(effect))).message

const boxed = (i: number, box = `\\boxed{${i}}`) => ({
  question: `How many are ${i} and 0?`,
  answer: `<think>\nNothing is added to ${i}.\n</think>\n\nSo **${box}**`
})
const distilled = home("distilled", { train: [1, 2, 3, 4].map((i) => boxed(i)), test: [boxed(9)] })
const mmlu = (i: number) => ({
  question_id: i,
  category: "law",
  question: `Which is ${i}?`,
  options: ["one", "two", "three"],
  answer: "B",
  answer_index: 1
})
const published = home("mmlu", { test: Array.from({ length: 1520 }, (_, i) => mmlu(i)) })
const prepared = (i: number, gold: string, more = {}) => ({
  question: `Which is ${i}?\nA. one\nB. two\nC. three`,
  reasoning: `It is surely ${i}.`,
  answer: gold,
  ...more
})
const traced = home("traced", {
  train: [
    prepared(1, "B. two", { corrupted_reasonings: ["It is not."], corrupted_answers: ["A. one"] }),
    prepared(2, "C. three")
  ],
  test: [prepared(3, "one")]
})
const aime = (i: number) => ({ id: i, problem: `Find the number ${i}.`, answer: String(i) })
const aime2024 = home("aime2024", { test2024: [aime(1), aime(2)] })
const aime2025 = home("aime2025", { "test2025-I": [aime(3)], "test2025-II": [aime(4), aime(5)] })
const math500 = home("math500", {
  test: [
    {
      problem: "Where is $(0,3)$?",
      answer: "\\left( 3, \\frac{\\pi}{2} \\right)",
      subject: "Precalculus",
      unique_id: "a/1"
    },
    { problem: "Find a root of 8.", answer: "2\\sqrt{2}" }
  ]
})
const contests = home("contests", {
  train: Array.from({ length: 210 }, (_, i) => {
    const word = String.fromCharCode(97 + (i % 26), 97 + Math.floor(i / 26))
    return { source: "amc_aime", problem: `What is ${i} of ${word}?`, solution: `It is \\boxed{${i}}.` }
  })
})

describe("taskOf", () => {
  it("law: every name of a configuration is a task's", () =>
    expectTypeOf<RunConfig["dataset"]["name"]>().toExtend<TaskName>())

  it.each<readonly [TaskName, string, string]>([
    ["gsm8k", join(tables, "gsm8k"), "5/5 1/1 1/1"],
    ["gsm8k_kd", distilled, "3/3 1/1 1/1"],
    ["countdown", join(tables, "countdown"), "5/0 1/0 2/0"],
    ["countdown_kd", join(tables, "countdown"), "5/5 1/1 2/2"],
    ["science", join(tables, "scienceqa"), "5/0 1/0 1/0"],
    ["science_kd", join(tables, "scienceqa"), "5/5 1/0 1/1"],
    ["medical", join(tables, "medreason"), "0/0 0/0 7/0"],
    ["mmlu", published, "18/0 2/0 1500/0"],
    ["mmlu_kd", traced, "2/2 0/0 1/1"],
    ["science_kd", traced, "2/2 0/0 1/1"],
    ["medical_kd", traced, "2/2 0/0 1/1"],
    ["medical", traced, "2/0 0/0 1/0"],
    ["aime_train", contests, "9/0 1/0 200/0"],
    ["aime_train_kd", contests, "9/9 1/1 200/200"],
    ["aime_2024", aime2024, "0/0 0/0 2/0"],
    ["aime_2025", aime2025, "0/0 0/0 3/0"],
    ["math_500", math500, "0/0 0/0 2/0"]
  ])("golden: %s is read from a folder; with _kd alone it brings traces to train on", async (name, place, expected) => {
    const validationShare = name === "gsm8k_kd" ? 0.25 : 0.1
    const read = await run(taskOf(name, place, { validationShare }))
    expect([sizes(read), read.origin]).toEqual([expected, place])
    for (const { demonstrations } of Object.values(read.task.splits))
      for (const { problem, completion } of demonstrations)
        expect(Outcomes.isCorrect(read.task.checkAnswer(problem, completion))).toBe(true)
    for (const { problems } of Object.values(read.task.splits))
      if (problems[0] !== undefined) expect(read.task.renderPrompt(problems[0])).toContain("<answer>")
  })

  it.each<readonly [TaskName, ReadonlyArray<string>]>([
    ["mmlu_kd", ["B", "C", "A"]],
    ["science_kd", ["two", "three", "one"]],
    ["medical_kd", ["B. two", "C. three", "A. one"]]
  ])("law: D8: prepared answers of %s, stored corruptions too, have the form that its prompt asks for", async (name, forms) => {
    const { task, corruptions } = await run(taskOf(name, traced))
    const first = task.splits.train.demonstrations.find((d) => d.problem.id.endsWith("-train-0"))
    expect(
      [task.splits.train, task.splits.test].flatMap((s) => s.demonstrations.map((d) => d.finalAnswer)).sort()
    ).toEqual([...forms].sort())
    expect(corruptions).toEqual([{ completion: first!.completion, reasonings: ["It is not."], answers: [forms[2]] }])
    expect(first!.completion).toBe(`<think>\nIt is surely 1.\n</think>\n<answer>\n${forms[0]}\n</answer>`)
  })

  it("golden: answers of math_500 are formulas, compared letter by letter unless a grader is given", async () => {
    const { task } = await run(taskOf("math_500", math500))
    const [point, root] = task.splits.test.problems
    expect(point).toMatchObject({ id: "math-500-a/1", category: "Precalculus" })
    const answered = (by: Task, answer: string) => by.checkAnswer(root!, ThinkAnswer.render("t", answer))
    expect(answered(task, "2 \\sqrt2")).toMatchObject({ _tag: "Scored", value: 1 })
    expect(answered(task, "\\sqrt{8}")).toMatchObject({ _tag: "Unverifiable" })
    const grader = formulaCheck(() => Outcomes.scored(1, "by the engine"))
    const graded = (await run(taskOf("math_500", math500, { grader }))).task
    expect([graded.grader, answered(graded, "\\sqrt{8}")]).toEqual([grader, Outcomes.scored(1, "by the engine")])
  })

  it("golden: arithmetic is generated in the sizes asked for", async () => {
    const size = { train: 6, unlabelled: 2, validation: 3, test: 4 }
    const read = await run(taskOf("arithmetic", null, { size, seed: 7 }))
    expect([sizes(read), read.origin]).toEqual(["8/6 3/3 4/4", "arithmetic, seed 7"])
  })

  it("law: a share of the training problems is part of the whole, keeps its demonstrations, and held-out data are the same", async () => {
    const of = (trainShare: number, seed = 1) =>
      run(taskOf("gsm8k", join(tables, "gsm8k"), { trainShare, validationShare: 1 / 3, seed }))
    const [whole, half] = [await of(1), await of(0.5)]
    expect([sizes(whole), sizes(half)]).toEqual(["4/4 2/2 1/1", "2/2 2/2 1/1"])
    const ids = new Set(whole.task.splits.train.problems.map((p) => p.id))
    expect(half.task.splits.train.problems.every((p) => ids.has(p.id))).toBe(true)
    expect(half.task.splits.train.demonstrations.map((d) => d.problem)).toEqual(half.task.splits.train.problems)
    for (const name of ["validation", "test"] as const) expect(half.task.splits[name]).toEqual(whole.task.splits[name])
  })

  it("law: noSystem moves the frame into the user's turn", async () => {
    const { task } = await run(taskOf("gsm8k", join(tables, "gsm8k"), { noSystem: true }))
    const problem = task.splits.test.problems[0]!
    expect(task.renderPrompt(problem)).toBe(`${SystemPrompts.math}\n\n${problem.prompt}\n`)
  })
})

describe("taskOf from a hub", () => {
  const gsm8k = {
    folder: join(tables, "gsm8k"),
    files: [
      "README.md",
      "main/test-00000-of-00001.parquet",
      "main/train-00000-of-00001.parquet",
      "socratic/train-00000-of-00001.parquet"
    ]
  }
  it("golden: without a place it is read from where it is published; only its splits are fetched, and the commit is told", async () => {
    const hub = hubOf({ "openai/gsm8k@main": gsm8k })
    const read = await run(taskOf("gsm8k", null), hub.layer)
    expect(read.origin).toBe("hf://datasets/openai/gsm8k@c0ffee")
    expect(hub.asked).toEqual(["main/train-00000-of-00001.parquet", "main/test-00000-of-00001.parquet"])
    expect(sizes(read)).toEqual(sizes(await run(taskOf("gsm8k", join(tables, "gsm8k")))))
  })
  it("golden: an address names another repository and revision", async () => {
    const hub = hubOf({ "me/mine@v2": gsm8k })
    expect((await run(taskOf("gsm8k", "hf://datasets/me/mine@v2"), hub.layer)).origin).toBe(
      "hf://datasets/me/mine@c0ffee"
    )
  })
  it("golden: rows in a form that cannot be read are taken as the hub converted them", async () => {
    const converted = join(folder, "converted")
    for (const split of ["train", "test"]) {
      mkdirSync(join(converted, "main", split), { recursive: true })
      writeFileSync(
        join(converted, "main", split, "0000.parquet"),
        readFileSync(join(tables, `gsm8k/main/${split}-00000-of-00001.parquet`))
      )
    }
    const hub = hubOf({
      "openai/gsm8k@main": { folder: "", files: ["gsm8k.py", "train.csv"] },
      "openai/gsm8k@refs/convert/parquet": {
        folder: converted,
        files: ["main/test/0000.parquet", "main/train/0000.parquet"]
      }
    })
    const read = await run(taskOf("gsm8k", null), hub.layer)
    expect([hub.asked, sizes(read)]).toEqual([["main/train/0000.parquet", "main/test/0000.parquet"], "5/5 1/1 1/1"])
  })
  it("golden: a saved data set is fetched with the files that say what it holds", async () => {
    const files = [
      "dataset_dict.json",
      "eval/state.json",
      "test/data-00000-of-00001.arrow",
      "test/state.json",
      "train/data-00000-of-00001.arrow",
      "train/state.json"
    ]
    const hub = hubOf({ "me/countdown@main": { folder: join(tables, "countdown"), files } })
    await run(taskOf("countdown_kd", "hf://datasets/me/countdown"), hub.layer)
    expect(hub.asked).toEqual(files.filter((f) => !f.startsWith("eval/")))
  })
  it("error: no such rows, or a shard too few", async () => {
    const error = async (files: ReadonlyArray<string>) =>
      (await run(Effect.flip(taskOf("gsm8k", null)), hubOf({ "openai/gsm8k@main": { folder: "", files } }).layer))
        .message
    expect(await error(["a.csv"])).toContain("dataset openai/gsm8k at main: it holds no train or test as JSON lines")
    expect(await error(["train-00001-of-00002.parquet", "test.jsonl"])).toContain("shard 0 of 2 is missing")
  })
})

describe("BadPlace", () => {
  it("error: arithmetic has no place; an address must name a data set", async () => {
    expect(await message(taskOf("arithmetic", "/data"))).toBe(
      "arithmetic from /data: it is generated. Leave out dataset.path."
    )
    for (const place of ["hf://Qwen/Qwen3-4B", "hf:openai/gsm8k"])
      expect(await message(taskOf("gsm8k", place))).toContain("Write hf://datasets/ORGANISATION/NAME")
  })
  it("error: expert traces are asked for, and no row holds one", async () =>
    expect(await message(taskOf("mmlu_kd", published))).toBe(
      `mmlu_kd from ${published}: no training row holds an expert's trace. Give rows that do (column reasoning, or completions, a list of {model, text}), or choose mmlu.`
    ))
  it("error: expert traces are asked for, and all problems are held out", async () =>
    expect(await message(taskOf("medical_kd", join(tables, "medreason")))).toContain("hold out fewer"))
  it("golden: prepared rows that cannot be used are counted by reason", async () => {
    const bad = [
      prepared(5, "two"),
      prepared(6, "D. four"),
      prepared(7, "A. one", { reasoning: " " }),
      { ...prepared(8, "A"), question: "Why?" }
    ]
    const { leftOut } = await run(
      taskOf("mmlu_kd", home("leftOut", { train: bad, test: [prepared(3, "A")] }), { validationShare: 0 })
    )
    expect(leftOut).toEqual({
      "its options cannot be read": 1,
      "no reasoning": 1,
      "the answer is none of the options": 1
    })
  })
  it("error: a row without a column names file, line and field", async () => {
    const place = home("broken", { train: [boxed(1), { question: "?" }], test: [boxed(9)] })
    expect(await message(taskOf("gsm8k_kd", place))).toContain(`${place}/train.jsonl:2, field "answer"`)
  })
})

describe("listedOptions", () => {
  it.each([
    ["Which?\nA. one\nB) two words\n C: c. ", ["one", "two words", "c."]],
    ["A. is a letter.\nWhich?\nA. one\nB. two\n", ["one", "two"]]
  ])("golden: %j", (question, options) => expect(listedOptions(question)).toEqual(options))
  it.each([
    "Which?",
    "Which?\nA. one",
    "A. one\nC. three",
    "A. one\nB. two\nWhich?",
    "A. one\nB."
  ])("edge: %j lists none", (question) => expect(listedOptions(question)).toBeUndefined())
})

describe("readBoxedSolution", () => {
  const solution = (text: string) => readBoxedSolution(`<think> 1 + 1 = 2 </think>${text}`)
  it.each([
    ["\\boxed{18}", "18"],
    ["\\boxed{1} then \\boxed{ 2 }", "2"],
    ["\\boxed{1,234,567}", "1234567"],
    ["\\boxed{1{,}234}", "1234"]
  ])("golden: %s", (text, finalAnswer) =>
    expect(solution(text)).toEqual({ _tag: "Solution", trace: "1 + 1 = 2", finalAnswer }))
  it("golden: a box within the reasoning counts where none follows it", () =>
    expect(readBoxedSolution("<think>so \\boxed{3}</think> Done.")).toMatchObject({ finalAnswer: "3" }))
  it.each([
    ["no box", solution("It is 18."), "no boxed answer"],
    ["a fraction", solution("\\boxed{\\frac{1}{2}}"), "the boxed answer is no integer"],
    ["a negative number", solution("\\boxed{-3}"), "the boxed answer is no integer"],
    ["no think block", readBoxedSolution("\\boxed{3}"), "no think block"],
    ["an empty think block", readBoxedSolution("<think> </think>\\boxed{3}"), "no reasoning"]
  ])("edge: D9: %s: the text is taken neither for a trace nor for an answer", (_, read, reason) =>
    expect(read).toEqual({ _tag: "None", reason }))
})
