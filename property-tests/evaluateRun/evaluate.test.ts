import { copyFileSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Result } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import { folder } from "../experiments/tiny.ts"
import { asked, trained } from "../experiments/trainSubject.ts"
import { evaluated, evaluation, rowsOf } from "./subject.ts"

const run = folder()
beforeAll(async () => void Result.getOrThrow(await trained(await asked("airl", run))), 60_000)

const own = (...words: ReadonlyArray<string>) => [`model.name=${run}`, "eval.n_samples=3", "eval.ks=[1,2,5]", ...words]
const refusal = async (...words: ReadonlyArray<string>) =>
  Result.getOrThrow(Result.flip(await evaluated("airl", own(...words)))).message

describe("rewardflow evaluate", () => {
  it("golden: generate writes N rows a problem, with rewards, and measures them", async () => {
    const text = Result.getOrThrow(await evaluated("airl", own()))
    const summary = JSON.parse(text)
    const rows = rowsOf(join(run, "eval_results_arithmetic.jsonl"))
    expect(rows.length).toBe(12)
    for (const row of rows) {
      const ids = row["token_ids"] as ReadonlyArray<number>
      expect(row["reward_model_score"]).toHaveLength(ids.length)
      expect(row).toMatchObject({ reward_kind: "verifier stepwise(lines)", checkpoint_id: run, dataset: "arithmetic" })
      expect(row).not.toHaveProperty("policy_log_probs")
      expect(row["format_adjusted_correct"]).toBeTypeOf("boolean")
    }
    // The run's own configuration says what was saved with its reward.
    expect(summary.notes).toEqual([])
    expect(summary.metrics.passAtK.map(({ k }: { readonly k: number }) => k)).toEqual([1, 2])
    expect(existsSync(join(run, "evaluation_config.yaml"))).toBe(true)
    expect(JSON.parse(readFileSync(join(run, "eval_results_arithmetic.summary.json"), "utf8"))).toEqual(summary)
  }, 30_000)

  it("golden: --harness writes the two files of lm-evaluation-harness, whose samples are the same completions", async () => {
    const summary = JSON.parse(Result.getOrThrow(await evaluated("airl", own(), { harness: true })))
    const named = (pattern: RegExp) => join(run, readdirSync(run).find((name) => pattern.test(name))!)
    const results = JSON.parse(readFileSync(named(/^results_\d{4}-.*\.json$/), "utf8"))
    const samples = rowsOf(named(/^samples_arithmetic_\d{4}-.*\.jsonl$/))
    const rows = rowsOf(join(run, "eval_results_arithmetic.jsonl"))
    const { value } = summary.metrics.passAtK[0].value
    expect(results.results.arithmetic).toMatchObject({ "exact_match,none": value, sample_len: 4 })
    expect(results.config.gen_kwargs).toMatchObject({
      temperature: expect.any(Number),
      max_gen_toks: expect.any(Number)
    })
    expect(samples.flatMap((sample) => (sample["resps"] as ReadonlyArray<unknown>)[0])).toEqual(
      rows.map((row) => (row["generation"] as { readonly content: string }).content)
    )
  }, 30_000)

  it("law: a killed evaluation goes on where it was, with the same rows", async () => {
    const file = join(run, "eval_results_arithmetic.jsonl")
    const whole = readFileSync(file, "utf8")
    const account = `${file}.progress.json`
    const kept = JSON.parse(readFileSync(account, "utf8"))
    writeFileSync(account, JSON.stringify({ ...kept, chunks: 0, bytes: 0 }))
    truncateSync(file, 100)
    Result.getOrThrow(await evaluated("airl", own()))
    expect(readFileSync(file, "utf8")).toBe(whole)
  }, 30_000)

  it("error: results of other settings are not gone on with, unless they are to be replaced", async () => {
    const words = ["eval.temperature=0.5", "eval.max_problems=1"]
    expect(await refusal(...words)).toContain("made with other settings")
    const other = join(run, "other.jsonl")
    const begun = ["", ".progress.json"].map(
      (end) => [`eval_results_arithmetic.jsonl${end}`, `${other}${end}`] as const
    )
    for (const [from, to] of begun) copyFileSync(join(run, from), to)
    const replaced = await evaluated("airl", own(...words, `eval.output_file=${other}`), { overwrite: true })
    expect(Result.isSuccess(replaced)).toBe(true)
    expect(rowsOf(other).length).toBe(3)
  }, 30_000)

  it("defect 30: the pregenerated modes read what generate wrote, and need no sampler", async () => {
    Result.getOrThrow(await evaluated("airl", own("eval.mode=Pregenerated")))
    const generated = rowsOf(join(run, "eval_results_arithmetic.jsonl"))
    const scored = rowsOf(join(run, "eval_results_logprobs.jsonl"))
    expect(scored.map((row) => row["token_ids"])).toEqual(generated.map((row) => row["token_ids"]))
    for (const row of scored) expect(row["policy_log_probs"]).toHaveLength((row["token_ids"] as Array<number>).length)
  }, 30_000)

  it("defect 3: rewards of a row are the same, whether it was drawn here or read from a file", async () => {
    Result.getOrThrow(await evaluated("airl", own("eval.mode=LOGPROBS_SFT")))
    const generated = rowsOf(join(run, "eval_results_arithmetic.jsonl"))
    const scored = rowsOf(join(run, "eval_results_logprobs_sft.jsonl"))
    for (const [i, row] of scored.entries()) {
      const [a, b] = [row, generated[i]!].map((one) => one["reward_model_score"] as ReadonlyArray<number>)
      expect(a!.length).toBe(b!.length)
      for (const [t, x] of a!.entries()) expect(x).toBeCloseTo(b![t]!, 4)
      expect(row).toHaveProperty("policy_log_probs")
    }
  }, 30_000)

  it("defect 8: rows are joined by key, so a shuffled file gives every row its own scores", async () => {
    const rows = rowsOf(join(run, "eval_results_arithmetic.jsonl"))
    const shuffled = join(run, "shuffled.jsonl")
    const bare = rows.toReversed().map(({ reward_model_score: _, prompt_id: __, ...row }) => row)
    writeFileSync(shuffled, bare.map((row) => `${JSON.stringify(row)}\n`).join(""))
    const out = join(run, "joined.jsonl")
    const words = ["eval.mode=pregenerated_sft", `eval.pregenerated_jsonl_path=${shuffled}`, `eval.output_file=${out}`]
    Result.getOrThrow(await evaluated("airl", own(...words)))
    const key = (row: Record<string, unknown>) => `${row["prompt_id"]}#${row["generation_idx"]}`
    const byKey = new Map(rows.map((row) => [key(row), row]))
    const joined = rowsOf(out)
    expect(joined.length).toBe(rows.length)
    for (const row of joined) {
      const expected = byKey.get(key(row))!["reward_model_score"] as ReadonlyArray<number>
      for (const [t, x] of (row["reward_model_score"] as ReadonlyArray<number>).entries())
        expect(x).toBeCloseTo(expected[t]!, 4)
    }
  }, 30_000)

  it("defect 9: without rewards, metrics of the reward are not available, and never those of the verdict", async () => {
    const out = join(run, "unscored.jsonl")
    const words = [`eval.output_file=${out}`, "eval.compute_reward_model_scores=false"]
    const summary = JSON.parse(Result.getOrThrow(await evaluated("airl", own(...words))))
    expect(rowsOf(out)[0]).not.toHaveProperty("reward_model_score")
    expect(summary.metrics.aurocPooled).toEqual({ _tag: "NotAvailable", reason: "no row has a reward" })
    expect(summary.metrics.rerank.map((row: { readonly reranker: string }) => row.reranker)).not.toContain("reward")
  }, 30_000)

  it("defect 4: a trace that is longer than its model reads is left unscored and counted, never cut", async () => {
    const [row] = rowsOf(join(run, "eval_results_arithmetic.jsonl"))
    const { token_ids: _, token_offsets: __, ...rest } = row!
    const content = "1 + 1 = 2 ".repeat(400)
    const file = join(run, "long.jsonl")
    writeFileSync(file, `${JSON.stringify({ ...rest, generation: { content } })}\n`)
    const out = join(run, "long-scored.jsonl")
    const words = ["eval.mode=logprobs", `eval.pregenerated_jsonl_path=${file}`, `eval.output_file=${out}`]
    const summary = JSON.parse(Result.getOrThrow(await evaluated("airl", own(...words))))
    expect(summary.left_out.unread).toBe(1)
    expect(rowsOf(out)[0]).not.toHaveProperty("policy_log_probs")
  }, 30_000)

  it.each(["topk", "chunk"])("guidance.method=%s draws completions that the run's reward leads", async (method) => {
    const out = join(run, `guided-${method}.jsonl`)
    const words = [`eval.output_file=${out}`, `guidance.method=${method}`, "eval.max_problems=1"]
    Result.getOrThrow(await evaluated("airl", own(...words)))
    expect(rowsOf(out).length).toBe(3)
  }, 60_000)

  it("error: no input names every path that was tried", async () => {
    const empty = folder()
    const message = await refusal("eval.mode=logprobs", `eval.pregenerated_source_dir=${empty}`)
    expect(message).toContain(`${empty}/eval_results_arithmetic.jsonl`)
    expect(message).toContain(`${empty}/eval_results_new.jsonl`)
    expect(await refusal("eval.mode=logprobs", "eval.pregenerated_jsonl_path=/nowhere.jsonl")).toContain(
      "/nowhere.jsonl"
    )
  })

  it("error: keys that do nothing, unknown modes and rewards without a reward model are refused with the reason", async () => {
    expect(await refusal("eval.mode=genrate")).toContain("unknown mode. Give one of generate, aime")
    expect(await refusal("training.beta=1")).toContain("it does nothing here: it matters where command is train.")
    expect(await refusal("guidance.alpha=2")).toContain("it matters where guidance.method is topk.")
    const sft = await evaluation("sft", [`model.name=${run}`, "eval.compute_reward_model_scores=true"])
    expect(Result.getOrThrow(Result.flip(sft)).message).toContain("only a run of algorithm airl has a reward model")
    const training = await asked("airl", run, ["eval.n_samples=2"]).then(
      () => "accepted",
      (error: Error) => error.message
    )
    expect(training).toContain("it matters where command is evaluate.")
  })

  it("edge: a copy of a file under a name that the reference uses is found too", async () => {
    const other = folder()
    copyFileSync(join(run, "eval_results_arithmetic.jsonl"), join(other, "eval_results_new.jsonl"))
    const words = ["eval.mode=logprobs", `eval.pregenerated_source_dir=${other}`, `eval.output_file=${other}/out.jsonl`]
    expect(Result.isSuccess(await evaluated("airl", own(...words)))).toBe(true)
  }, 30_000)
})
