import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Result } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import * as Reference from "../../src/backends/reference/index.ts"
import { fromFiles, merge } from "../../src/core/adapter/index.ts"
import { loadAll, open } from "../../src/core/checkpoint/index.ts"
import { Tensors } from "../../src/core/tensor/index.ts"
import { folder } from "../experiments/tiny.ts"
import { asked, trained } from "../experiments/trainSubject.ts"
import { decoders } from "../server/served.ts"
import { BASE, vllmServer } from "../server/vllmServer.ts"
import { looked } from "./doctorSubject.ts"

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
/** How large the server takes the adapter's B to be: it is told by the files, and need not listen. */
let strength = 1
const server = await vllmServer(await models.load(params), (path) => {
  const text = readFileSync(join(path, "adapter_config.json"), "utf8")
  const files = { config: text, tensors: readFileSync(join(path, "adapter_model.safetensors")) }
  const { adapter, values } = Result.getOrThrow(fromFiles(files, config))
  const heard = Object.fromEntries(
    Object.entries(values).map(([name, t]) => [
      name,
      name.includes("lora_B")
        ? Tensors.f32(
            Float32Array.from(t.data, (x) => strength * x),
            t.shape
          )
        : t
    ])
  )
  return models.load(merge(adapter, params, heard))
})
afterAll(async () => {
  await server.close()
  await models.close()
})

const overrides = [
  ...["~model.shape", "~sft", `model.name=${sft}`, "model.lora_rank=2", "sampling.top_p=1"],
  ...["model.max_prompt_length=18", "model.max_completion_length=6"],
  ...["training.use_vllm=true", `training.vllm_server_base_url=${server.url}`, `training.vllm_model=${BASE}`]
]

describe("doctor with an inference server", () => {
  it("golden: draws from the server, which follows a probe of the adapter", async () => {
    strength = 1
    const { verdicts, error } = await looked("grpo", overrides)
    expect(error).toBeUndefined()
    expect(verdicts).toMatchObject({ "sampler and trainer": "passed", adapter: "passed" })
    expect(server.seen.some(({ path }) => path.endsWith("/completions"))).toBe(true)
  }, 60_000)

  it("error: a server that loads the adapter and does not apply it", async () => {
    strength = 0
    const { verdicts, reasons } = await looked("grpo", overrides)
    expect(verdicts).toMatchObject({ "sampler and trainer": "passed", adapter: "failed" })
    expect(reasons["adapter"]).toContain("the sampler draws without the adapter")
  }, 60_000)
})
