import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import { chosenSelector, type JobOptions, jobsOf, parseSpec, selectorOf } from "../../src/experiments/plot/index.ts"

const spec = (text: string) => Effect.runPromise(parseSpec("s.yaml", text))
const problem = async (text: string) => (await Effect.runPromise(Effect.flip(parseSpec("s.yaml", text)))).message

const full = `
default_ckpt: last
output_root: out
answer_only_modes: [true, false]
domains: {gsm8k: /r/g, med: /r/m}
preferred_jsonl_files: [a.jsonl]
aime_jsonl_by_domain: {med: aime.jsonl}
airl_eval_file_from_label: true
experiments:
  - {airl: run_a, sft: run_s, label: A}
  - {airl: {gsm8k: run_b}, grpo: {gsm8k: run_g}, label: B, domains: [gsm8k]}
`

const options: JobOptions = {
  ckpt: undefined,
  outputRoot: undefined,
  models: [],
  domains: [],
  variants: [],
  guidedMethod: "none",
  runTemplates: { airl: "{model}_{variant}", sft: "{model}_sft", grpo: "{model}_grpo" },
  fileTemplates: { airl: undefined, sft: undefined, grpo: undefined },
  numGenerations: 16,
  rerankingGenerations: [2, 8],
  selectorMode: "auto",
  tokenFigures: true
}

const jobs = async (text: string, changes: Partial<JobOptions> = {}) =>
  Result.getOrThrow(jobsOf(await spec(text), { ...options, ...changes }))
const refusal = async (text: string, changes: Partial<JobOptions>) => {
  const result = jobsOf(await spec(text), { ...options, ...changes })
  return Result.isFailure(result) ? result.failure.message : undefined
}

describe("a figure specification", () => {
  it("golden: all published keys", async () => {
    expect(await spec(full)).toEqual({
      file: "s.yaml",
      defaultCkpt: "last",
      outputRoot: "out",
      answerOnlyModes: [true, false],
      domains: { gsm8k: "/r/g", med: "/r/m" },
      preferredFiles: ["a.jsonl"],
      aimeFiles: { med: "aime.jsonl" },
      fileFromLabel: true,
      experiments: [
        { airl: "run_a", sft: "run_s", label: "A" },
        { airl: { gsm8k: "run_b" }, grpo: { gsm8k: "run_g" }, label: "B", domains: ["gsm8k"] }
      ]
    })
  })

  it("golden: defaults", async () => {
    expect(await spec("domains: {a: b}")).toMatchObject({
      defaultCkpt: "best_model",
      outputRoot: "./figures",
      answerOnlyModes: [true],
      preferredFiles: ["eval_results_new.jsonl", "eval_results.jsonl"],
      fileFromLabel: false,
      experiments: []
    })
  })

  it("defect 29: an unknown key is refused with its line and the nearest known one", async () => {
    expect(await problem("domains: {a: b}\noutput_rot: x")).toMatch(
      /^s\.yaml:2: there is no key output_rot\. Did you mean output_root\? Known: /
    )
    expect(await problem("domains: {a: b}\nexperiments:\n  - {airl: x, label: l, stf: y}")).toMatch(
      /^s\.yaml:3: there is no key experiments\[0\]\.stf\. Did you mean sft\?/
    )
  })

  it("error: a value of another type, and a domain that there is not", async () => {
    expect(await problem("domains: [a]")).toContain("s.yaml: ")
    expect(await problem("domains: {math: b}\nexperiments:\n  - {airl: x, label: l, domains: [mth]}")).toBe(
      "s.yaml: an experiment names the domain mth, which domains does not have. Did you mean math?"
    )
    expect(await problem("domains: {a: b}\nexperiments:\n  - {airl: x, label: ../l}")).toBe(
      "s.yaml: the label ../l names a folder: leave out / and \\."
    )
    expect(await problem("domains: {a: [")).toMatch(/^s\.yaml:/)
  })
})

describe("jobs", () => {
  it("golden: modes × domains × experiments, each with its folder, selector and files", async () => {
    const all = await jobs(full)
    expect(all.map(({ output, selector }) => [output, selector])).toEqual([
      ["out/answer_only/gsm8k/standard/A", "discounted"],
      ["out/answer_only/gsm8k/standard/B", "discounted"],
      ["out/answer_only/med/standard/A", "discounted"],
      ["out/all_tokens/gsm8k/standard/A", "mean"],
      ["out/all_tokens/gsm8k/standard/B", "mean"],
      ["out/all_tokens/med/standard/A", "mean"]
    ])
    expect(all[1]!.runs).toEqual({
      airl: { run: "run_b", files: ["a.jsonl"] },
      grpo: { run: "run_g", files: ["a.jsonl"] }
    })
    expect(all[2]!.runs.airl).toEqual({ run: "run_a", files: ["aime.jsonl", "a.jsonl"] })
    expect(all[0]!.checkpoint).toBe("last")
  })

  it("golden: models × variants by templates", async () => {
    const [first, ...rest] = await jobs("domains: {gsm8k: /r}", {
      models: ["m1", "m2"],
      variants: ["dense"],
      guidedMethod: "topk",
      ckpt: "c",
      outputRoot: "o",
      fileTemplates: { ...options.fileTemplates, grpo: "{method}_{domain}.jsonl" }
    })
    expect(rest).toHaveLength(1)
    expect(first).toMatchObject({ output: "o/answer_only/gsm8k/standard/m1_dense", checkpoint: "c" })
    expect(first!.runs).toEqual({
      airl: {
        run: "m1_dense",
        files: ["eval_results_gsm8k_m1_dense_t0p5.jsonl", "eval_results_new.jsonl", "eval_results.jsonl"]
      },
      sft: {
        run: "m1_sft",
        files: ["eval_results_gsm8k_m1_sft_t0p5.jsonl", "eval_results_new.jsonl", "eval_results.jsonl"]
      },
      grpo: { run: "m1_grpo", files: ["topk_gsm8k.jsonl", "eval_results_new.jsonl", "eval_results.jsonl"] }
    })
  })

  it("golden: a selector that is named holds in both modes", () => {
    expect([selectorOf("auto", true), selectorOf("auto", false), selectorOf("min", true)]).toEqual([
      "discounted",
      "mean",
      "min"
    ])
  })

  it("golden: selectors by name, without their usual parameter, and by a published name", () => {
    const names = ["auto", "discounted", "answer_boost2", "tail3"].map((mode) =>
      Result.map(chosenSelector(mode, true), ({ name }) => name)
    )
    expect(names.map(Result.getOrThrow)).toEqual(["discounted(0.95)", "discounted(0.95)", "answerBoost(2)", "tail3"])
  })

  it("error: what cannot be drawn is said before anything is read", async () => {
    expect(await refusal("domains: {a: b}", {})).toBe(
      "s.yaml has no experiments: add some, or give --models and --variants."
    )
    expect(await refusal("domains: {a: b}", { models: ["m"] })).toContain("--models and --variants go together")
    expect(await refusal("domains: {a: b}", { domains: ["c"] })).toBe("s.yaml has no domain c; it has a.")
    expect(await refusal(full, { selectorMode: "meen" })).toContain("There is no selector meen. Did you mean mean?")
    const bad = { ...options.runTemplates, sft: "{modl}" }
    expect(await refusal(full, { runTemplates: bad })).toBe(
      "A template holds {modl}; it may hold {domain}, {model}, {variant}, {method}."
    )
  })
})
