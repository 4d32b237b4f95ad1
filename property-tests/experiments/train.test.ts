import { cpSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Result } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import { Safetensors } from "../../src/core/model/index.ts"
import { filesOf, folder, outcomeOf } from "./tiny.ts"
import { asked, jsonOf, trained } from "./trainSubject.ts"

const failure = (result: Result.Result<string, Error>): string =>
  Result.isFailure(result) ? result.failure.message : "it succeeded"

const tensorsOf = (run: string, path: string) =>
  Result.getOrThrow(Safetensors.decode(readFileSync(join(run, path, "model.safetensors")))).tensors

/** Runs that the others start from. */
const sft = join(folder(), "sft")
const airl = join(folder(), "airl")

beforeAll(async () => {
  Result.getOrThrow(await trained(await asked("sft", sft, ["sampling.top_p=1"])))
  Result.getOrThrow(await trained(await asked("airl", airl)))
}, 60_000)

describe("train", () => {
  it("golden: an AIRL run leaves what the reference's run leaves, and what each step measured", () => {
    const names = Object.keys(filesOf(airl))
    const models = ["best_model", "best_model/reward_model", "reward_model_warmup"].flatMap((model) =>
      ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"].map((file) => `${model}/${file}`)
    )
    expect(names).toEqual(
      expect.arrayContaining([
        ...models,
        "training_config.yaml",
        "config.yaml",
        "data.json",
        "metrics.jsonl",
        "summary.json",
        "best_model/reward_model/reward_training_state.json",
        "best_model/reward_model/optimizer.safetensors",
        "airl/checkpoint-5/model.safetensors",
        // Loss, reward and distance; the critic's health by panel.
        ...["loss-sft", "reward-airl", "kl-airl", "critic-loss-airl"].map((name) => `figures/${name}.svg`),
        ...["accuracy", "baselines", "margin", "drift", "negatives"].map((name) => `figures/critic-airl-${name}.svg`)
      ])
    )
    expect(names.some((name) => name.startsWith("tensorboard/airl/events.out.tfevents"))).toBe(true)
    expect(readFileSync(join(airl, "training_config.yaml"), "utf8")).toContain("max_steps: 2  # override")
    expect(jsonOf(airl, "best_model/reward_model/reward_training_state.json")).toMatchObject({
      warmup_steps: 3,
      updates_since_warmup: 4,
      updates_per_policy_step: 2
    })
    expect(jsonOf(airl, "summary.json")).toMatchObject({
      algorithm: "airl",
      task: "arithmetic",
      seed: 42,
      passAt1: { before: { _tag: "Estimate", n: 4 }, after: { _tag: "Estimate", n: 4 } },
      metrics: { sft: { "eval/loss": expect.any(Number) }, airl: { "reward/loss": expect.any(Number) } }
    })
    expect(jsonOf(airl, "data.json")).toMatchObject({
      problems: { train: 24, validation: 6, test: 4 },
      tooLong: { train: { prompts: 0, completions: 0 } },
      read: { shared: { test: { prompts: { overlapping: expect.any(Number) } } } }
    })
  })

  it("law: a run that is stopped again and again equals one that is not, bit for bit", async () => {
    for (const [algorithm, whole] of [
      ["airl", airl],
      ["grpo", join(folder(), "grpo")]
    ] as const) {
      if (algorithm === "grpo") Result.getOrThrow(await trained(await asked("grpo", whole)))
      const path = join(folder(), "stopped")
      let stops = 0
      for (let resume = false; ; resume = true) {
        const result = await trained(await asked(algorithm, path, [], { resume }), 2 + (stops % 2))
        if (Result.isSuccess(result)) break
        expect(result.failure).toMatchObject({ _tag: "Interrupted" })
        stops++
      }
      expect(stops).toBeGreaterThan(1)
      const [kept, once] = [outcomeOf(path), outcomeOf(whole)]
      const results = (outcome: typeof once) => Object.keys(outcome).filter((name) => /^(eval|best_model)/.test(name))
      expect(results(kept)).toEqual(results(once))
      // A stop leaves a checkpoint where the other run has none.
      for (const [name, content] of Object.entries(kept))
        if (once[name] !== undefined) expect(content === once[name], `${algorithm} ${name}`).toBe(true)
    }
  })

  it("golden: a policy starts from an SFT run, beside a reward model that stays as another run left it", async () => {
    const path = join(folder(), "frozen")
    const learning = ["training.reward_warmup_steps", "training.reward_updates_per_warmup_batch", "model.reward_batch"]
    const overrides = [
      ...[...learning, "sft", "model.shape"].map((key) => `~${key}`),
      `model.policy_name=${sft}`,
      "training.freeze_discriminator=true",
      `model.frozen_discriminator_path=${airl}`
    ]
    Result.getOrThrow(await trained(await asked("airl", path, overrides)))
    expect(readFileSync(join(path, "eval/before.jsonl"), "utf8")).toBe(
      readFileSync(join(sft, "eval/after.jsonl"), "utf8")
    )
    const [kept, from] = [path, airl].map((run) => tensorsOf(run, "best_model/reward_model"))
    for (const [name, { data }] of Object.entries(from!)) expect(kept![name]?.data, name).toEqual(data)
    expect(jsonOf(path, "best_model/reward_model/reward_training_state.json")).toMatchObject({
      frozen: true,
      warmup_steps: 0,
      updates_since_warmup: 0
    })
    expect(tensorsOf(path, "best_model")).not.toEqual(tensorsOf(sft, "best_model"))
  })

  it("golden: a reward model goes on from another run, with its optimiser and without the warm-up", async () => {
    const path = join(folder(), "loaded")
    Result.getOrThrow(await trained(await asked("airl", path, [`model.warmup_reward_dir=${airl}`])))
    expect(jsonOf(path, "best_model/reward_model/reward_training_state.json")).toMatchObject({
      loaded: true,
      loaded_optimiser: true,
      warmup_steps: 0,
      updates_since_warmup: 4,
      optimiser_updates: 3 + 4 + 4
    })
  })

  it("golden: every choice of critic, loss and correction trains", async () => {
    const shared = ["model.reward_head=scalar", "eval.test_problems=0"]
    const choices = [
      ["airl", "experiment=gad", "~model.reward_batch", ...shared],
      ["airl", "experiment=wgan", "training.max_micro_batch=2", "eval.test_problems=0"],
      ["airl", "experiment=wgan", "model.reward_head=scalar", "eval.test_problems=0"],
      ["airl", "experiment=airl_segment_drop_f", "~model.reward_head", "eval.test_problems=0"],
      ["airl", "model.use_outcome_rewards=true", "training.loss_type=dapo", "training.policy_micro_batch=2", ...shared],
      ["grpo", "training.scale_rewards=batch", "training.num_iterations=2", "training.importance_correction=token"],
      ["opsd", "opsd.normalize_weights=true"]
    ] as const
    for (const [algorithm, ...overrides] of choices) {
      const path = join(folder(), algorithm)
      expect(await trained(await asked(algorithm, path, overrides)), overrides.join(" ")).toMatchObject({
        _tag: "Success"
      })
    }
  }, 60_000)

  it("error: a model that is not here says how to come by it, and one that does not fit says why", async () => {
    const path = join(folder(), "run")
    const missing = await trained(await asked("sft", path, ["model.name=./nowhere", "~model.shape"]))
    expect(failure(missing)).toContain(
      "there is no config.json in ./nowhere or ./nowhere/best_model. Give a model folder"
    )
    const short = ["~model.shape", `model.name=${sft}`, "model.max_completion_length=500"]
    expect(failure(await trained(await asked("sft", path, short)))).toContain("the model reads at most 160 tokens")
    const copy = join(folder(), "copy")
    cpSync(join(sft, "best_model"), copy, { recursive: true })
    writeFileSync(join(copy, "chat_template.jinja"), "{% for message in messages %}{{ message.content }")
    const strange = ["~model.shape", `model.name=${copy}`]
    expect(failure(await trained(await asked("sft", path, strange)))).toMatch(
      /chat_template.jinja: .*choose a template by name/
    )
  })

  it("error: data that leave nothing to learn from say so before anything is written", async () => {
    const path = join(folder(), "run")
    expect(failure(await trained(await asked("sft", path, ["model.max_prompt_length=3"])))).toContain(
      "No demonstration is left to train on within 3 tokens of prompt"
    )
    expect(() => filesOf(path)).toThrow()
  })

  it("golden: a sweep makes a run of every combination and one table", async () => {
    const path = folder()
    const out = await trained(
      await asked("sft", path, ["seed=1,2", "training.weight_decay=0,0.1"], { sweep: true, json: false })
    )
    expect(Object.keys(filesOf(path)).filter((name) => name.endsWith("summary.json")).length).toBe(4)
    expect(Result.getOrThrow(out)).toMatch(/\| training\\_weight|training.weight/)
    expect(tensorsOf(path, "0/best_model")).not.toEqual(tensorsOf(path, "2/best_model"))
  })
})
