import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { fromFiles } from "../../src/core/adapter/index.ts"
import { ModelConfigs } from "../../src/core/model/index.ts"
import { modelFolder } from "./modelFolder.ts"
import { filesOf, folder, outcomeOf } from "./tiny.ts"
import { asked, jsonOf, trained } from "./trainSubject.ts"

const base = await modelFolder(join(folder(), "base"))
const before = filesOf(base)
const sizes = [
  ...["~model.shape", "model.max_prompt_length=256", "model.max_completion_length=200", "sampling.top_p=1"],
  ...["eval.problems=1", "eval.test_problems=1", "training.max_steps=2"]
]
const named = (algorithm: "sft" | "grpo" | "opsd", name = base) => [
  ...sizes,
  `model.name=${name}`,
  "model.lora_rank=2",
  ...(algorithm === "sft" ? [] : ["sft.steps=2"])
]

const run = async (
  algorithm: Parameters<typeof asked>[0],
  overrides: ReadonlyArray<string>,
  path = join(folder(), "run")
) => {
  Result.getOrThrow(await trained(await asked(algorithm, path, overrides)))
  return path
}
const refusal = async (algorithm: Parameters<typeof asked>[0], overrides: ReadonlyArray<string>): Promise<string> => {
  const result = await trained(await asked(algorithm, join(folder(), "run"), overrides))
  return Result.isFailure(result) ? result.failure.message : "it succeeded"
}

/** The adapter that a run keeps, read for its base. */
const adapterOf = (path: string, within = "best_model") => {
  const config = Result.getOrThrow(ModelConfigs.fromJson(jsonOf(base, "config.json")))
  const at = (name: string) => join(path, within, name)
  const files = {
    config: readFileSync(at("adapter_config.json"), "utf8"),
    tensors: readFileSync(at("adapter_model.safetensors"))
  }
  return Result.getOrThrow(fromFiles(files, config))
}

describe("train with adapters", () => {
  it.each([
    "sft",
    "grpo",
    "opsd"
  ] as const)("golden: %s keeps an adapter in PEFT's layout, and leaves its base alone", async (algorithm) => {
    const path = await run(algorithm, named(algorithm))
    const { adapter, values } = adapterOf(path)
    expect(adapter.config).toMatchObject({
      base_model_name_or_path: base,
      task_type: "CAUSAL_LM",
      r: 2,
      lora_alpha: 4,
      use_rslora: false,
      modules_to_save: null
    })
    expect(Object.keys(adapter.targets).length).toBe(7)
    expect(
      Object.entries(values).some(([name, { data }]) => name.includes("lora_B") && data.some((x) => x !== 0))
    ).toBe(true)
    expect(readdirSync(join(path, "best_model")).sort()).toEqual([
      "adapter_config.json",
      "adapter_model.safetensors",
      "generation_config.json",
      "tokenizer.json",
      "tokenizer_config.json"
    ])
    expect(filesOf(base)).toEqual(before)
  })

  it("law: an adapter that is stopped and resumed is the same, bit for bit", async () => {
    const whole = await run("grpo", named("grpo"))
    const path = join(folder(), "stopped")
    for (let resume = false; ; resume = true) {
      const result = await trained(await asked("grpo", path, named("grpo"), { resume }), 3)
      if (Result.isSuccess(result)) break
      expect(result.failure).toMatchObject({ _tag: "Interrupted" })
    }
    const [kept, once] = [outcomeOf(path), outcomeOf(whole)]
    for (const name of Object.keys(once).filter((each) => /^(eval|best_model)/.test(each)))
      expect(kept[name] === once[name], name).toBe(true)
  })

  it("law: recomputing layers and chunks of logits changes nothing but rounding", async () => {
    const [plain, frugal] = [
      await run("sft", named("sft")),
      await run("sft", [...named("sft"), "model.use_gradient_checkpointing=true", "model.logit_chunk=16"])
    ].map((path) => adapterOf(path).values)
    for (const [name, { data }] of Object.entries(plain!))
      for (const [i, x] of data.entries()) expect(frugal![name]!.data[i], name).toBeCloseTo(Number(x), 5)
  })

  it("law: a base in 4 bits is another base: no run goes on with the wrong one", async () => {
    const path = await run("sft", [...named("sft"), "model.load_in_4bit=true"])
    const half = readFileSync(join(path, "best_model/adapter_model.safetensors"))
    const whole = readFileSync(join(await run("sft", named("sft")), "best_model/adapter_model.safetensors"))
    expect(half.equals(whole)).toBe(false)
    expect(half.length).toBe(whole.length)
    const other = await trained(await asked("sft", path, named("sft"), { resume: true }))
    expect(Result.isFailure(other) && other.failure).toMatchObject({ _tag: "ConfigMismatch" })
    expect(filesOf(base)).toEqual(before)
  })

  it("golden: a run goes on from another's adapter, on the base that it names", async () => {
    const first = await run("sft", named("sft"))
    const next = await run("sft", named("sft", first))
    expect(readFileSync(join(next, "eval/after.jsonl"), "utf8")).not.toBe("")
    expect(adapterOf(next).adapter.config.base_model_name_or_path).toBe(base)
    expect(await refusal("sft", [...named("sft", first), "model.lora_rank=3"])).toContain("set the rank to 2")
    expect(await refusal("sft", [...named("sft", first), "model.lora_rank=null"])).toContain("give the rank of it")
  })

  const airl = (...more: ReadonlyArray<string>) => [
    ...sizes,
    ...["sft.steps=2", "training.reward_warmup_steps=1", `model.policy_name=${base}`, "model.policy_lora_rank=2"],
    ...more
  ]
  const scalar = ["model.reward_head=scalar", "model.reward_lora_rank=3"]

  it("golden: policy and reward model are adapters over one base, and the reward model goes on from its folder", async () => {
    const path = await run("airl", airl(...scalar))
    expect(adapterOf(path).adapter.config).toMatchObject({ task_type: "CAUSAL_LM", r: 2 })
    const { adapter, values } = adapterOf(path, "best_model/reward_model")
    expect(adapter.config).toMatchObject({ task_type: "SEQ_CLS", r: 3, modules_to_save: ["classifier", "score"] })
    const warm = adapterOf(path, "reward_model_warmup").values
    expect(values["score.weight"]!.data).not.toEqual(warm["score.weight"]!.data)
    const next = await run("airl", airl(...scalar, `model.warmup_reward_dir=${path}`))
    expect(jsonOf(next, "best_model/reward_model/reward_training_state.json")).toMatchObject({
      loaded: true,
      loaded_optimiser: true,
      optimiser_updates: 1 + 4 + 4
    })
    expect(filesOf(base)).toEqual(before)
  })

  it.each([
    ["a verifier head over the shared base", ["model.reward_head=verifier"]],
    ["an adapter over the base by its name", [...scalar, `model.reward_name=${base}`]],
    ["segment heads", [...scalar, "experiment=airl_segment", "~model.reward_head"]],
    ["all its weights", ["model.reward_head=scalar"]]
  ])("golden: beside an adapter's policy a reward model trains as %s", async (_, more) => {
    const path = await run("airl", airl(...more))
    expect(Object.keys(filesOf(path)).some((name) => name.startsWith("best_model/reward_model/"))).toBe(true)
  })

  it("error: target modules that the base does not have, and a base that starts fresh", async () => {
    expect(await refusal("sft", [...named("sft"), "model.lora_target_modules=[c_attn]"])).toContain("target_modules")
    const fresh = asked("airl", folder(), ["model.policy_lora_rank=2"])
    await expect(fresh).rejects.toThrow("an adapter needs a trained base")
  })
})
