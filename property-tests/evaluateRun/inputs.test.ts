import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Result } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import type { ScoreOptions } from "../../src/experiments/commands/index.ts"
import { score } from "../../src/experiments/score.ts"
import { consoleInto, folder } from "../experiments/tiny.ts"
import { asked, trained } from "../experiments/trainSubject.ts"
import { evaluated, rowsOf } from "./subject.ts"

type Row = Readonly<Record<string, unknown>>

const run = folder()
const [drawn, input] = [join(run, "eval_results_arithmetic.jsonl"), join(run, "input.jsonl")]
let rows: ReadonlyArray<Row>
beforeAll(async () => {
  Result.getOrThrow(await trained(await asked("airl", run)))
  Result.getOrThrow(await evaluated("airl", [`model.name=${run}`, "eval.n_samples=3"]))
  rows = rowsOf(drawn)
}, 120_000)

const written = (lines: ReadonlyArray<Row | string>): void =>
  writeFileSync(input, lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join(""))

const evaluation = (rest: { readonly overwrite?: boolean } = { overwrite: true }, words: ReadonlyArray<string> = []) =>
  evaluated(
    "airl",
    [
      ...[`model.name=${run}`, "eval.mode=logprobs_sft", "eval.compute_policy_log_probs=false", "eval.ks=[1,9]"],
      ...[`eval.pregenerated_jsonl_path=${input}`, `eval.output_file=${run}/out.jsonl`],
      ...words
    ],
    rest
  )
const measured = async (lines: ReadonlyArray<Row | string>) => {
  written(lines)
  return JSON.parse(Result.getOrThrow(await evaluation()))
}
const refusal = async (lines: ReadonlyArray<Row | string>, rest?: { readonly overwrite?: boolean }) => {
  written(lines)
  return Result.getOrThrow(Result.flip(await evaluation(rest))).message
}
const kinds = (problems: ReadonlyArray<{ readonly kind: string; readonly count: number }>) =>
  Object.fromEntries(problems.map(({ kind, count }) => [kind, count]))

const scored = async (lines: ReadonlyArray<Row | string>) => {
  written(lines)
  const out: Array<string> = []
  const options: ScoreOptions = {
    ...{ file: input, mode: "reward", model: run, output: join(run, "scored.jsonl"), label: undefined },
    ...{ granularity: undefined, stepRule: undefined, clip: undefined, rewardMode: undefined, logitChunk: undefined },
    ...{ backend: "onnx-cpu", threads: 1, overwrite: true, json: true }
  }
  const result = await score(options).pipe(
    Effect.provideService(Console.Console, consoleInto(out)),
    Effect.provide(NodeServices.layer),
    Effect.result,
    Effect.runPromise
  )
  return Result.map(result, () => JSON.parse(out.join("\n")))
}

describe("files that are not what they should be", () => {
  it("law: later rows of a key and broken lines change no metric, and are named and counted", async () => {
    const { metrics, input_problems } = await measured(rows)
    expect(input_problems).toEqual([])
    const spoilt = await measured([rows[0]!, rows[0]!, '{"generation": 3}', "{", ...rows.slice(1), rows[5]!])
    expect(spoilt.metrics).toEqual(metrics)
    expect(kinds(spoilt.input_problems)).toEqual({ badRow: 2, duplicate: 2 })
    const summary = Result.getOrThrow(await scored([...rows, rows[3]!, "{"]))
    expect(summary.rows).toBe(rows.length)
    expect(kinds(summary.input_problems)).toEqual({ badRow: 1, duplicate: 1 })
  }, 30_000)

  it("golden: fewer samples, k > N, one class only and mixed checkpoints are told, never filled in", async () => {
    const right = rows.map((row, i) => ({ ...row, correctness_reward_func: 2, checkpoint_id: i < 4 ? "a" : "b" }))
    const { metrics } = await measured(right.slice(1))
    expect(kinds(metrics.problems)).toEqual({ fewerSamples: 1, mixedCheckpoints: 2 })
    expect(metrics.passAtK.map(({ k }: { readonly k: number }) => k)).toEqual([1])
    expect(metrics.completions).toBe(2)
    expect(metrics.aurocPooled).toEqual({ _tag: "NotAvailable", reason: "no wrong completion" })
  }, 30_000)

  it("law: a name that another question has is no match: rows of another data set are left out and counted", async () => {
    const other = [{ role: "user", content: "Another question with a name that is used here" }]
    const { left_out } = await measured(rows.map((row, i) => (i < 3 ? { ...row, prompt: other } : row)))
    expect(left_out).toMatchObject({ foreign: 3, absent: 1 })
    const message = await refusal(rows.map((row) => ({ ...row, prompt: other })))
    expect(message).toContain("no row is for use: 4 problems have no row in the file; 12 rows left out")
  }, 30_000)

  it("law: scores of other tokens are left out, and counted", async () => {
    const published = rows.map(({ token_ids: _, token_offsets: __, ...row }) => ({ ...row, policy_log_probs: [-1] }))
    const { left_out } = await measured(published)
    expect(left_out.other_tokens).toBe(12)
    for (const row of rowsOf(join(run, "out.jsonl"))) expect(row).not.toHaveProperty("policy_log_probs")
  }, 30_000)

  it("golden: a configuration that departs from its run's reward is honoured and told; a reward named apart describes itself", async () => {
    written(rows)
    const asked = async (...words: ReadonlyArray<string>) =>
      JSON.parse(Result.getOrThrow(await evaluation({ overwrite: true }, ["granularity=interval", ...words])))
    const own = await asked("model.dense_partial_fixed_n=4")
    expect(own.reward_kind).toBe("verifier interval(4)")
    expect(own.notes).toEqual([
      "granularity: this reward was saved with stepwise(lines), and is read with interval(4), as it was asked for."
    ])
    const named = await asked(`eval.reward_model=${run}/best_model/reward_model`)
    expect(named).toMatchObject({ reward_kind: "verifier stepwise(lines)", notes: [] })
  }, 30_000)

  it("error: a file without a row for use", async () => {
    expect(await refusal([])).toContain("no row is for use")
    expect(Result.getOrThrow(Result.flip(await scored([]))).message).toContain("it is empty")
    expect(Result.getOrThrow(Result.flip(await scored(["{"]))).message).toContain("badRow: 1")
  }, 30_000)

  it("error: an input or weights that were changed in their place do not go on", async () => {
    await measured(rows)
    expect(await refusal(rows.slice(1), {})).toContain("made with other settings, models or inputs")
    const weights = join(run, "best_model/reward_model/model.safetensors")
    const bytes = readFileSync(weights)
    const changed = Buffer.from(bytes)
    changed[changed.length - 2]! ^= 1
    writeFileSync(weights, changed)
    expect(await refusal(rows, {})).toContain("it was written for weights")
    writeFileSync(weights, bytes)
  }, 30_000)
})
