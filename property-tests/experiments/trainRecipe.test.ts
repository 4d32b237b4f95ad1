import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Result, Schema } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import {
  allKeys,
  type Condition,
  type DictNode,
  decode,
  type Library,
  Nodes,
  type Origin,
  printValue,
  type RunConfig,
  type Value
} from "../../src/core/config/index.ts"
import { configure, readLibrary } from "../../src/experiments/configure/index.ts"
import { configuration } from "../../src/experiments/run/index.ts"
import { recipeOf } from "../../src/experiments/train/index.ts"

let library: Library = []
beforeAll(async () => {
  const configs = new URL("../../configs", import.meta.url).pathname
  library = await Effect.runPromise(readLibrary(undefined, configs).pipe(Effect.provide(NodeServices.layer)))
})

const DEFAULT: Origin = { _tag: "Default" }

/** Values that tell any two settings apart; a key takes those that its schema has. */
const pool: ReadonlyArray<Value> = [
  true,
  false,
  1,
  2,
  4,
  16,
  32,
  0.25,
  0.125,
  0.75,
  "some/folder",
  "other/folder",
  null
]

/** Literals of a schema, from its JSON Schema. */
const literalsOf = (json: unknown): ReadonlyArray<Value> => {
  if (typeof json !== "object" || json === null) return []
  const own = "enum" in json && Array.isArray(json.enum) ? (json.enum as ReadonlyArray<Value>) : []
  const only = "const" in json ? [json.const as Value] : []
  const parts = "anyOf" in json && Array.isArray(json.anyOf) ? json.anyOf.flatMap(literalsOf) : []
  return [...own, ...only, ...parts]
}

/** Lists and sections that the pool does not make. */
const composed: Readonly<Record<string, ReadonlyArray<Value>>> = {
  "model.shape": [
    { width: 8, layers: 1, heads: 2, feed_forward: 16 },
    { width: 8, layers: 2, heads: 2, feed_forward: 16 }
  ],
  "model.reward_batch": [{ rollouts: 3, perturbed: 5 }],
  "model.neg_perturb_fns": [["corrupt_numbers"], ["stored_corruptions"], ["corrupt_equation", "corrupt_numbers"]],
  "model.lora_target_modules": [["q_proj"], "all-linear"],
  "model.lora_modules_to_save": [["norm"], ["input_layernorm"]],
  "dataset.size": [{ train: 5, unlabelled: 0, validation: 5, test: 5 }],
  "dataset.expert_error_fns": [["corrupt_numbers"], ["corrupt_equation"]]
}

const candidates = (name: string): ReadonlyArray<Value> => {
  const { schema } = allKeys.get(name)!
  const literals = literalsOf(Schema.toJsonSchemaDocument(schema).schema)
  const all = [...literals, ...pool, ...(composed[name] ?? [])]
  return all.filter((value, i) => Schema.is(schema)(value) && all.indexOf(value) === i)
}

type Setting = ReadonlyMap<string, Value>

/** The settings in which a key matters: its conditions, and theirs. */
const settingFor = (name: string): Setting => {
  const setting = new Map<string, Value>()
  const need = (condition: Condition): void => {
    if ("either" in condition) {
      need(condition.either[0])
      return
    }
    const { key } = condition
    const value = "not" in condition ? candidates(key).find((v) => !condition.not.includes(v)) : condition.values[0]
    if (!setting.has(key) && value !== undefined) setting.set(key, value)
    for (const other of allKeys.get(key)?.activeWhen ?? []) need(other)
  }
  for (const condition of allKeys.get(name)?.activeWhen ?? []) need(condition)
  return setting
}

const named: Setting = new Map([["model.name", "some/folder"]])

const served: Setting = new Map<string, Value>([
  ["model.name", "some/folder"],
  ["model.lora_rank", 2],
  ["training.vllm_server_base_url", "http://127.0.0.1:8000"]
])

/** What a key cannot do without, beside the conditions under which it matters. */
const companions: Readonly<Record<string, Setting>> = {
  algorithm: new Map([["training.learning_rate", 0.25]]),
  "model.lora_rank": named,
  ...Object.fromEntries([...allKeys.keys()].filter((name) => /vllm/.test(name)).map((name) => [name, served] as const)),
  "model.lora_alpha": named,
  "model.load_in_4bit": named,
  "model.use_rslora": named,
  "model.lora_target_modules": named,
  "model.lora_modules_to_save": named,
  "model.policy_lora_rank": new Map([["model.policy_name", "some/folder"]]),
  "model.reward_lora_rank": new Map([
    ["model.policy_name", "some/folder"],
    ["model.reward_head", "scalar"]
  ]),
  "model.classifier_loss": new Map([["model.reward_head", "scalar"]]),
  "model.gradient_penalty_coef": new Map([["model.reward_head", "scalar"]]),
  "training.freeze_discriminator": new Map([["model.frozen_discriminator_path", "some/folder"]]),
  "model.frozen_discriminator_path": new Map([["training.freeze_discriminator", true]])
}

const tiny = (algorithm: string): RunConfig => {
  const jobs = configure({ library, name: `tiny_${algorithm}`, overrides: [], multirun: false, env: {} })
  return Result.getOrThrow(jobs)[0]!.decoded.config
}

/** A tiny configuration, each key of the setting as if it were overridden. */
const decoded = (setting: Setting, beside: Setting = new Map()): Result.Result<RunConfig, string> => {
  const algorithm = String(setting.get("algorithm") ?? "airl")
  const base = tiny(algorithm === "opsd" ? "grpo" : algorithm) as unknown as Value
  const changes = [...beside, ...setting]
  const tree = changes.reduce<DictNode>(
    (at, [key, value], i) => {
      const override: Origin = { _tag: "Override", text: `${key}=${printValue(value)}` }
      const made = Nodes.updateAt(at, key.split("."), at.origin, () =>
        Nodes.fromValue(value, i < beside.size ? DEFAULT : override)
      )
      return made._tag === "Dict" ? made : at
    },
    Nodes.dict(new Map(Object.entries(base as object).map(([k, v]) => [k, Nodes.fromValue(v, DEFAULT)])), DEFAULT)
  )
  const result = decode(tree)
  return Result.isSuccess(result) ? Result.succeed(result.success.config) : Result.fail(result.failure.message)
}

/** Keys about where a run is kept, and those of a single value. */
const NOT_LEARNED = ["training.output_dir", "model.lora_dropout", "training.vllm_mode"]
/** Values that are other names of the same thing. */
const sameAs: Readonly<Record<string, ReadonlyArray<ReadonlyArray<Value>>>> = {
  "training.optim": [["adamw", "adamw_torch", "adamw_8bit", "paged_adamw_8bit"]],
  "model.classifier_loss": [["gad", "gad_pairwise", "pairwise_bt"]],
  "model.dense_rewards": [[true, "full"]],
  // The rank is 1.
  "model.lora_alpha": [[2, null]],
  "model.reward_mode": [["standard", "mean_f"]],
  "model.disc_pairwise_negatives_per_prompt": [[0, null]],
  "training.epsilon_high": [[0.2, null]],
  "training.reward_lr_warmup_steps": [[1, null]]
}

const isSame = (name: string, a: Value, b: Value): boolean =>
  sameAs[name]?.some((values) => values.includes(a) && values.includes(b)) ?? false

/** Whether a key is of `evaluate` alone: those of `eval`, `guidance` and so on that training refuses. */
const isEvaluations = (name: string): boolean =>
  (allKeys.get(name)?.activeWhen ?? []).some((condition) => "key" in condition && condition.key === "command")

describe("recipeOf", () => {
  it.each(
    [...allKeys.keys()].filter((name) => !NOT_LEARNED.includes(name) && !isEvaluations(name))
  )("law: every two values of %s make two recipes", (name) => {
    const setting = settingFor(name)
    const refusals: Array<string> = []
    const made = candidates(name).flatMap((value) => {
      const result = decoded(new Map([...setting, [name, value]]), companions[name])
      if (Result.isFailure(result)) refusals.push(result.failure)
      return Result.isSuccess(result) ? [[value, JSON.stringify(configuration(recipeOf(result.success)))] as const] : []
    })
    expect(made.length, refusals.join("\n")).toBeGreaterThan(1)
    for (const [i, [a, first]] of made.entries())
      for (const [b, second] of made.slice(i + 1))
        if (!isSame(name, a, b)) expect(first, `${printValue(a)} and ${printValue(b)}`).not.toBe(second)
  })
})

describe("recipeOf the main settings", () => {
  const main = (name: string, ...overrides: ReadonlyArray<string>) =>
    recipeOf(Result.getOrThrow(configure({ library, name, overrides, multirun: false, env: {} }))[0]!.decoded.config)

  it("golden: 16 prompts of 8 generations, half of 16 negatives an update with the perturbed in their share", () => {
    const { learning, limits, policy } = main("math_airl")
    if (learning._tag !== "Airl") throw new Error("it is adversarial")
    expect([learning.policy.promptsPerStep, learning.policy.generations, learning.policy.updates]).toEqual([16, 8, 1])
    // 16 perturbed experts among 128 + 16 negatives are a ninth of the 8 that are drawn: one.
    expect(learning.critic.batch).toEqual({ rollouts: 7, perturbed: 1, freshShare: 0.5, versions: 1 })
    expect([learning.critic.replayCapacity, learning.critic.warmupUpdates, learning.critic.updates]).toEqual([
      50 * 128,
      250,
      3
    ])
    // The warm-up takes every fresh rollout, and replays none.
    expect(learning.critic.warmupBatch).toEqual({ rollouts: 128, perturbed: 16, freshShare: 1, versions: 1 })
    expect(learning.critic.scale).toMatchObject({ temperature: 1, clamp: [-5, 5] })
    expect(learning.policy.advantage.name).toBe("average-dense(token mean)")
    expect([limits, policy]).toEqual([
      { prompt: 300, completion: 824 },
      { _tag: "Named", name: "Qwen/Qwen2.5-3B-Instruct" }
    ])
  })

  it("golden: without replay an update has the whole batch, and each perturbation of each expert", () => {
    const { learning } = main("math_airl", "training.buffer_size=0", "model.num_neg_perturbations_per_expert=2")
    expect(learning).toMatchObject({
      critic: { batch: { rollouts: 128, perturbed: 16, freshShare: 1, versions: 2 }, replayCapacity: 0 }
    })
  })

  it("edge: one reward a trace is compared in its group, whatever is said of tokens", () => {
    const { learning } = main("math_airl", "granularity=sparse")
    expect(learning).toMatchObject({ policy: { advantage: { name: "group-relative(mean)" } } })
  })

  it.each([
    "stepwise",
    "interval",
    "dense"
  ])("golden: a segment critic's reward of a trace is the mean of its segments, whatever is said of tokens (%s)", (units) => {
    const { learning } = main("math_airl", `granularity=${units}`, "experiment=airl_segment")
    expect(learning).toMatchObject({ policy: { advantage: { name: "group-relative(mean)" } } })
  })

  it("edge: outcomes join a segment critic's reward, as they do wherever a trace has one reward", () => {
    const joining = (experiment: string) =>
      main("math_airl", `experiment=${experiment}`, "model.use_outcome_rewards=true").learning
    expect(joining("discounted_reward")).toMatchObject({ policy: { outcomes: "advantage" } })
    expect(joining("[discounted_reward,airl_segment]")).toMatchObject({ policy: { outcomes: "reward" } })
  })
})
