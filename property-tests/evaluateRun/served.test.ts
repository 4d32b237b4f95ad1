import { readFileSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Result } from "effect"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import * as Reference from "../../src/backends/reference/index.ts"
import { loadAll, open } from "../../src/core/checkpoint/index.ts"
import { Tensors } from "../../src/core/tensor/index.ts"
import { folder } from "../experiments/tiny.ts"
import { asked, trained } from "../experiments/trainSubject.ts"
import { decoders } from "../server/served.ts"
import { BASE, vllmServer } from "../server/vllmServer.ts"
import { evaluated, rowsOf } from "./subject.ts"

const run = join(folder(), "run")
Result.getOrThrow(await trained(await asked("sft", run)))
const { config, params } = await Effect.runPromise(
  Effect.gen(function* () {
    const model = yield* open(join(run, "best_model"))
    return { config: model.config, params: yield* loadAll(model) }
  }).pipe(Effect.provide(NodeServices.layer))
)
const models = decoders(config, Reference.layer)
const server = await vllmServer(await models.load(params), () => Promise.reject(new Error("no adapters here")))
afterAll(async () => {
  await server.close()
  await models.close()
})
beforeEach(() => server.reset())

// The server has room for 24 tokens.
const own = [`model.name=${run}`, "model.max_prompt_length=18", "model.max_completion_length=6", "eval.n_samples=3"]
const served = ["training.use_vllm=true", `training.vllm_server_base_url=${server.url}`, `training.vllm_model=${BASE}`]
const file = join(run, "eval_results_arithmetic.jsonl")
const evaluation = (...words: ReadonlyArray<string>) =>
  evaluated("sft", [...own, ...served, ...words], { overwrite: true })
const refusal = async (...words: ReadonlyArray<string>) =>
  Result.getOrThrow(Result.flip(await evaluation(...words))).message
const draws = () => server.seen.filter(({ path }) => path.endsWith("/completions"))

describe("rewardflow evaluate with an inference server", () => {
  it("law: greedy completions are those that are drawn without a server", async () => {
    const completions = async (words: ReadonlyArray<string>) => {
      Result.getOrThrow(await evaluated("sft", [...own, "eval.temperature=0", ...words], { overwrite: true }))
      return rowsOf(file).map((row) => [
        row["prompt_id"],
        row["generation_idx"],
        row["token_ids"],
        row["finish_reason"]
      ])
    }
    const there = await completions(served)
    expect(draws().length).toBeGreaterThan(0)
    expect(there.length).toBeGreaterThan(3)
    expect(there).toEqual(await completions([]))
  }, 30_000)

  it("golden: N completions of a problem are one call, at the evaluation's temperature, from a server that reports raw log-probs", async () => {
    const summary = JSON.parse(Result.getOrThrow(await evaluation("eval.temperature=0.5", "eval.top_p=0.9")))
    for (const { body } of draws()) expect(body).toMatchObject({ model: BASE, n: 3, temperature: 0.5, top_p: 0.9 })
    expect(draws().length).toBe(summary.metrics.prompts)
    for (const row of rowsOf(file)) {
      expect(row).not.toHaveProperty("policy_log_probs")
      expect(row["checkpoint_weights"]).toBe(summary.weights.policy)
    }
  }, 30_000)

  it("law: a killed evaluation goes on with the same completions", async () => {
    Result.getOrThrow(await evaluation())
    const whole = readFileSync(file, "utf8")
    const account = `${file}.progress.json`
    writeFileSync(account, JSON.stringify({ ...JSON.parse(readFileSync(account, "utf8")), chunks: 0, bytes: 0 }))
    truncateSync(file, 50)
    Result.getOrThrow(await evaluated("sft", [...own, ...served]))
    expect(readFileSync(file, "utf8")).toBe(whole)
  }, 30_000)

  it("error: a server that holds other weights, at its first batch, before a row is written", async () => {
    const norm = params["model.norm.weight"]!
    const turned = {
      ...params,
      "model.norm.weight": Tensors.f32(
        Float32Array.from(norm.data, (x) => -2 * x),
        norm.shape
      )
    }
    const other = await vllmServer(await models.load(turned), () => Promise.reject(new Error("no adapters here")))
    const message = await refusal(`training.vllm_server_base_url=${other.url}`, "eval.temperature=0.5")
    await other.close()
    expect(message).toContain("other weights")
    expect(readFileSync(file, "utf8")).toBe("")
  }, 30_000)

  it("error: a server that serves another model, or is not there, is named with the repair", async () => {
    expect(await refusal("training.vllm_model=lab/other")).toContain('it does not serve "lab/other"')
    const away = ["training.vllm_server_base_url=http://127.0.0.1:9", "training.vllm_server_timeout=0.5"]
    expect(await refusal(...away)).toContain("127.0.0.1:9")
  }, 30_000)
})
