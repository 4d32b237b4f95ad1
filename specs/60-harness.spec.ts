import { readFileSync } from "node:fs"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Result, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { Measurements } from "../src/core/evaluation/index.ts"
import { Harness, keyed, ResultFile } from "../src/core/result/index.ts"

const row = (idx: number, correct: number, content: string) =>
  keyed({
    prompt: [{ role: "user", content: "1+1?" }],
    generation: { content },
    generation_idx: idx,
    correctness_reward_func: correct,
    prompt_id: "p",
    gold_answer: "2",
    extracted_answer: content === "" ? null : content,
    schema_version: 1
  })
const rows = [row(1, 0, ""), row(0, 2, "2")]
const run = Effect.runSync
const samples = () => Effect.runPromise(Harness.samples(rows, { temperature: 0.5 }))
const line = (text: string) => Result.getOrThrow(Harness.parseSample(text, { file: "s.jsonl", line: 1 }))

describe("samples", () => {
  it("golden: a prompt a line, responses in the order of their index, hashes as Python's hashlib gives them", async () => {
    expect(await samples()).toEqual([
      {
        doc_id: 0,
        doc: { id: "p", question: "1+1?", answer: "2" },
        target: "2",
        arguments: { gen_args_0: { arg_0: "1+1?", arg_1: { temperature: 0.5 } } },
        resps: [["2", ""]],
        filtered_resps: [["2", "[invalid]"]],
        filter: "none",
        metrics: ["exact_match"],
        doc_hash: "6d1ec41941da2e535997f5c3c071e1e1963b21fa75135935e884125496b67369",
        prompt_hash: "cfe29f43bcc21dd4b3d74fccdf01313a5addce54fc06ffa92a36aa8c3e90135f",
        target_hash: "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35",
        exact_match: 0.5
      }
    ])
  })

  it("law: what was written is read again, but for verdicts that only their mean was kept of", async () => {
    const [sample] = await samples()
    const read = Harness.toRows(line(JSON.stringify(sample)), "sums")!
    expect(read.map((r) => [r.generation_idx, r.generation.content, r.extracted_answer, r.gold_answer])).toEqual([
      [0, "2", "2", "2"],
      [1, "", null, "2"]
    ])
    expect(read.map((r) => r.correctness_reward_func)).toEqual([null, null])
    expect(read[0]).toMatchObject({ prompt: [{ role: "user", content: "1+1?" }], prompt_id: "sums/0", dataset: "sums" })
  })

  it("golden: a line as the harness writes it: one response, filters, a conversation for a prompt", () => {
    const sample = line(
      JSON.stringify({
        doc_id: 7,
        doc: { question: "q" },
        target: "18",
        arguments: {
          gen_args_0: {
            arg_0: JSON.stringify([
              { role: "system", content: "s" },
              { role: "user", content: "q" }
            ]),
            arg_1: {}
          }
        },
        resps: [["so 18"]],
        filtered_resps: ["18"],
        filter: "strict-match",
        metrics: ["exact_match"],
        doc_hash: "x",
        prompt_hash: "y",
        target_hash: "z",
        exact_match: 1.0
      })
    )
    expect(Harness.toRows(sample, "gsm8k")).toEqual([
      {
        prompt: [
          { role: "system", content: "s" },
          { role: "user", content: "q" }
        ],
        generation: { content: "so 18" },
        generation_idx: 0,
        correctness_reward_func: 2,
        prompt_id: "gsm8k/7",
        gold_answer: "18",
        extracted_answer: "18",
        dataset: "gsm8k",
        schema_version: 1
      }
    ])
    expect(Harness.toRows({ ...sample, exact_match: 0 }, "t")![0]!.correctness_reward_func).toBe(0)
    expect(Harness.toRows({ ...sample, metrics: [] }, "t")![0]!.correctness_reward_func).toBeNull()
  })

  it("edge: likelihoods of choices are no generations; an older list of arguments is read; a bad line is named", () => {
    const base = { doc_id: 0, doc: { a: 1 }, target: 1, arguments: [["p", {}]], filtered_resps: ["r"] }
    expect(Harness.toRows({ ...base, arguments: [["p"]], resps: [["-1.5"]] }, "t")).toBeUndefined()
    const chat = JSON.stringify([{ role: "user", content: "q" }])
    const served = { ...base, arguments: { gen_args_0: { arg_0: [chat], arg_1: {} } }, resps: [["r"]] }
    expect(Harness.toRows(served, "t")![0]).toMatchObject({ prompt: [{ role: "user", content: "q" }] })
    expect(Harness.toRows({ ...base, resps: [[["-1.5", "False"]]] }, "t")).toBeUndefined()
    expect(Harness.toRows({ ...base, resps: [["r"]] }, "t")![0]).toMatchObject({
      prompt: [{ role: "user", content: "p" }],
      gold_answer: "1"
    })
    const bad = Harness.parseSample("{}", { file: "s.jsonl", line: 3 })
    expect(Result.isFailure(bad) && bad.failure[0]?.message).toContain('s.jsonl:3, field "doc_id"')
  })
})

describe("results", () => {
  it("golden: metrics with their filter and standard error; what is not available is left out", async () => {
    const own = await samples()
    const metrics = {
      "pass@1": Measurements.estimate(0.5, [0.304, 0.696], 4),
      auroc: Measurements.notAvailable("none")
    }
    const summary = await Effect.runPromise(Harness.summary({ task: "sums", metrics, samples: own, modelName: "m" }))
    expect(summary.results).toEqual({
      sums: {
        ...{ name: "sums", alias: "sums", sample_len: 1 },
        "pass@1,none": 0.5,
        "pass@1_stderr,none": expect.closeTo(0.1, 12)
      }
    })
    expect(run(Schema.decodeUnknownEffect(Harness.HarnessResults)(JSON.parse(JSON.stringify(summary))))).toEqual(
      summary
    )
  })

  it("golden: the file names hold the time with dashes", () => {
    expect(Harness.fileNames("gsm8k", new Date("2026-01-02T03:04:05.678Z"))).toEqual({
      samples: "samples_gsm8k_2026-01-02T03-04-05.678.jsonl",
      results: "results_2026-01-02T03-04-05.678.json"
    })
  })
})

describe("files of the harness itself", () => {
  const time = "2026-01-02T03-04-05.678901"
  const file = (name: string) => new URL(`fixtures/harness/${name}`, import.meta.url).pathname
  const text = (name: string) => readFileSync(file(name), "utf8")
  const samplesOf = (task: string) => text(`samples_${task}_${time}.jsonl`).trim().split("\n").map(line)
  const read = (task: string) =>
    Effect.runPromise(Effect.provide(ResultFile.read(file(`samples_${task}_${time}.jsonl`)), NodeServices.layer))
  const results: Record<string, Record<string, unknown>> = JSON.parse(text(`results_${time}.json`))
  const real = samplesOf("draws")[1]!

  it("golden: any command reads them by their name, a row a draw, with the answers that the filter took", async () => {
    const shown = async (task: string) =>
      (await read(task)).rows.map((r) => [r.prompt_id, r.extracted_answer, r.gold_answer, r.correctness_reward_func])
    expect(await shown("greedy")).toEqual([
      ["greedy/0", "2", "2", 2],
      ["greedy/1", "2", "18", 0]
    ])
    expect(await shown("draws")).toEqual([
      ["draws/0", "2", "2", 2],
      ["draws/0", "2", "2", 2],
      ["draws/1", "18", "18", null],
      ["draws/1", "2", "18", null]
    ])
    const { rows: draws, problems } = await read("draws")
    expect(draws[2]).toMatchObject({
      prompt: [{ role: "user", content: "Wie groß? 😀" }],
      generation: { content: "<answer>18</answer>" },
      generation_idx: 0,
      dataset: "draws"
    })
    expect(problems.map(({ kind, count }) => [kind, count])).toEqual([["noVerdict", 2]])
  })

  it.each(["choice", "text"])("edge: likelihoods (%s) are no generations, and are counted", async (task) => {
    const { rows: none, problems } = await read(task)
    expect([none, problems.map(({ kind, count }) => [kind, count])]).toEqual([[], [["badRow", 2]]])
  })

  it("golden: hashes of documents, prompts, targets and tasks are the harness's own", async () => {
    const hashed = Effect.runPromise
    expect(await hashed(Harness.sha256(JSON.stringify(real.doc, null, 2)))).toBe(real.doc_hash)
    expect(await hashed(Harness.sha256("Wie groß? 😀"))).toBe(real.prompt_hash)
    expect(await hashed(Harness.sha256(String(real.target)))).toBe(real.target_hash)
    for (const task of ["greedy", "draws", "choice", "text"]) {
      const own = { task, metrics: {}, samples: samplesOf(task), modelName: "m" }
      const { task_hashes } = await hashed(Harness.summary(own))
      expect(task_hashes).toEqual({ [task]: results["task_hashes"]![task] })
    }
  })

  it("golden: what is written has the fields of the harness, nested as it nests them", async () => {
    const [own] = await samples()
    const fields = (sample: object) => Object.keys(sample).filter((key) => !["exact_match", "pass_at_1"].includes(key))
    expect(fields(own!)).toEqual(fields(real))
    const nesting = (value: unknown): unknown => (Array.isArray(value) ? value.map(nesting) : typeof value)
    for (const key of ["resps", "filtered_resps"] as const) expect(nesting(own![key])).toEqual(nesting(real[key]))
    const one = await Effect.runPromise(Harness.samples(rows.slice(0, 1)))
    expect(nesting(one[0]!.filtered_resps)).toEqual(nesting(samplesOf("greedy")[0]!.filtered_resps))
    const told = { modelName: "a/b:c", sampling: { temperature: 0.5 }, seed: 7, started: new Date(1500) }
    const metrics = { exact_match: Measurements.estimate(0.5, [0, 1], 2) }
    const summary = await Effect.runPromise(Harness.summary({ task: "greedy", metrics, samples: one, ...told }))
    for (const key of ["results", "versions", "n-shot", "higher_is_better", "n-samples", "task_hashes"])
      expect(Object.keys(results[key]!)).toContain(Object.keys((summary as typeof results)[key]!)[0])
    expect(Object.keys(results["results"]!["greedy"]!).map((key) => key.replace(/,.*/, ""))).toEqual(
      Object.keys(summary.results["greedy"]!).map((key) => key.replace(/,.*/, ""))
    )
    expect(summary).toMatchObject({
      config: { model: "a/b:c", gen_kwargs: { temperature: 0.5 }, random_seed: 7 },
      ...{ date: 1.5, model_name: "a/b:c", model_name_sanitized: "a__b__c" }
    })
    expect(Object.keys(results)).toEqual(
      expect.arrayContaining(Object.keys(summary).filter((key) => key !== "group_subtasks"))
    )
  })

  it("golden: its summary is read, a missing standard error too", () => {
    const decoded = run(Schema.decodeUnknownEffect(Harness.HarnessResults)(results))
    expect(decoded.results["text"]).toMatchObject({ "word_perplexity_stderr,none": "N/A" })
    expect(decoded.results["draws"]).toMatchObject({ "pass_at_1,all": 0.75 })
  })
})
