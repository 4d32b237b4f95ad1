import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Result } from "effect"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import * as Reference from "../../src/backends/reference/index.ts"
import { fromFiles, merge } from "../../src/core/adapter/index.ts"
import { loadAll, open } from "../../src/core/checkpoint/index.ts"
import { decoders } from "../server/served.ts"
import { BASE, vllmServer } from "../server/vllmServer.ts"
import { filesOf, folder } from "./tiny.ts"
import { asked, trained } from "./trainSubject.ts"

/** A base of short prompts, since the test's server has room for 24 tokens. */
const sft = join(folder(), "sft")
Result.getOrThrow(await trained(await asked("sft", sft)))
const { config, params } = await Effect.runPromise(
  Effect.gen(function* () {
    const model = yield* open(join(sft, "best_model"))
    return { config: model.config, params: yield* loadAll(model) }
  }).pipe(Effect.provide(NodeServices.layer))
)
const models = decoders(config, Reference.layer)
const server = await vllmServer(await models.load(params), (path) => {
  const text = readFileSync(join(path, "adapter_config.json"), "utf8")
  const files = { config: text, tensors: readFileSync(join(path, "adapter_model.safetensors")) }
  const { adapter, values } = Result.getOrThrow(fromFiles(files, config))
  return models.load(merge(adapter, params, values))
})
afterAll(async () => {
  await server.close()
  await models.close()
})
beforeEach(() => server.reset())

const grpo = [
  ...["~model.shape", "~sft", `model.name=${sft}`, "model.lora_rank=2", "training.learning_rate=0.05"],
  ...["model.max_prompt_length=18", "model.max_completion_length=6", "sampling.top_p=1"]
]
const served = ["training.use_vllm=true", `training.vllm_server_base_url=${server.url}`, `training.vllm_model=${BASE}`]
const run = async (...overrides: ReadonlyArray<string>) => {
  const path = join(folder(), "run")
  return { path, result: await trained(await asked("grpo", path, [...grpo, ...overrides])) }
}

describe("train with an inference server", () => {
  it("golden: follows every version of the adapter, from files that both see, and leaves nothing loaded", async () => {
    const { path, result } = await run(...served)
    Result.getOrThrow(result)
    const sent = (what: string) => server.seen.filter((one) => one.path.endsWith(what))
    const loaded = sent("/load_lora_adapter").map(({ body }) => String(body["lora_path"]))
    expect(loaded.map((at) => at.slice(0, join(path, "adapters/00000").length))).toEqual(
      [1, 2].map(() => join(path, "adapters/00000"))
    )
    expect(sent("/completions").length).toBeGreaterThan(1)
    expect(new Set(sent("/completions").map(({ body }) => body["model"])).has(BASE)).toBe(false)
    expect(server.loaded()).toEqual([])
    expect(readdirSync(join(path, "adapters")).length).toBe(2)
    expect(Object.keys(filesOf(path))).toContain("best_model/adapter_model.safetensors")
  })

  it("law: a greedy run learns what it learns without a server", async () => {
    const weights = async (...how: ReadonlyArray<string>) => {
      const { path, result } = await run("sampling.temperature=0", ...how)
      Result.getOrThrow(result)
      return readFileSync(join(path, "eval/after.jsonl"), "utf8")
    }
    expect(await weights(...served)).toBe(await weights())
  })

  it("error: a server without adapters to follow, or without an address, before anything runs", async () => {
    await expect(run(...served, "model.lora_rank=null")).rejects.toThrow("a server loads adapters, not weights")
    await expect(run("training.use_vllm=true")).rejects.toThrow("vllm_server_base_url: training.use_vllm needs it")
    const colocated = run(...served, "training.vllm_mode=colocate")
    await expect(colocated).rejects.toThrow("start the server by itself")
  })

  it("error: a server that serves another model", async () => {
    const { result } = await run(...served, "training.vllm_model=lab/other")
    expect(Result.isFailure(result) && result.failure.message).toContain('it does not serve "lab/other"')
  })
})
