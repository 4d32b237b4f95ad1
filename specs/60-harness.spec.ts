import { Effect, Result, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { Measurements } from "../src/core/evaluation/index.ts"
import { Harness, keyed } from "../src/core/result/index.ts"

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
        filtered_resps: ["2", "[invalid]"],
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
      sums: { alias: "sums", "pass@1,none": 0.5, "pass@1_stderr,none": expect.closeTo(0.1, 12) }
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
