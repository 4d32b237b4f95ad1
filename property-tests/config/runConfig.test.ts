import { readdirSync, readFileSync } from "node:fs"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Result, Schema } from "effect"
import * as fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import {
  allKeys,
  type DecodedConfig,
  keysOf,
  type Library,
  printConfig,
  readYaml,
  rejections,
  runConfigSchema,
  type Value
} from "../../src/core/config/index.ts"
import { configurationPage, configure, readLibrary } from "../../src/experiments/configure/index.ts"

const root = new URL("../../", import.meta.url)
const configs = new URL("configs", root).pathname

let library: Library = []
beforeAll(async () => {
  library = await Effect.runPromise(readLibrary(undefined, configs).pipe(Effect.provide(NodeServices.layer)))
})

interface Flags {
  readonly multirun?: boolean
  readonly dropRejected?: boolean
}

const asked = (
  name: string,
  overrides: ReadonlyArray<string> = [],
  { multirun = false, dropRejected = false }: Flags = {}
) => configure({ library, name, overrides, multirun, dropRejected, env: {} })

const decoded = (name: string, overrides?: ReadonlyArray<string>, flags?: Flags): DecodedConfig => {
  const jobs = Result.getOrThrow(asked(name, overrides, flags))
  return jobs[0]!.decoded
}

const refusal = (overrides: ReadonlyArray<string>, flags?: Flags): string =>
  Result.getOrThrow(Result.flip(asked("tiny_airl", overrides, flags))).message

const names = (folder: string): ReadonlyArray<string> =>
  readdirSync(`${configs}/${folder}`)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.replace(".yaml", ""))
    .sort()

const families = names(".").filter((name) => name !== "base")

describe("configs/", () => {
  it("edge: has a family for each task and algorithm, and one that is tiny", () => {
    const tasks = ["aime", "math", "medicine", "mmlu", "tiny"]
    expect(families).toEqual(tasks.flatMap((task) => ["airl", "grpo", "opsd", "sft"].map((a) => `${task}_${a}`)))
    expect(names("size")).toEqual(["llama3b", "llama8b", "qwen3b", "qwen4b", "qwen7b", "tiny"])
  })

  it.each(families)("law: %s can be run in every size", (name) => {
    for (const size of names("size")) {
      const { config, dropped } = decoded(name, [`size=${size}`])
      expect(config.algorithm).toBe(name.slice(name.indexOf("_") + 1))
      expect(dropped).toEqual([])
    }
  })

  it.each(
    families.filter((name) => name.endsWith("_airl"))
  )("law: %s runs every granularity and experiment", (name) => {
    const words = [`granularity=${names("granularity").join(",")}`, `experiment=${names("experiment").join(",")}`]
    const jobs = Result.getOrThrow(asked(name, words, { multirun: true }))
    expect(jobs.length).toBe(names("granularity").length * names("experiment").length)
    expect(new Set(jobs.map((job) => job.name)).size).toBe(jobs.length)
  })

  it("golden: the main settings, as the reference has them", () => {
    const { model, training, sampling, seed } = decoded("math_airl", ["size=llama8b"]).config
    expect([seed, model.policy_name, model.reward_name]).toEqual([
      42,
      "meta-llama/Llama-3.1-8B-Instruct",
      "meta-llama/Llama-3.1-8B-Instruct"
    ])
    expect([training.beta, training.buffer_size, training.max_steps, training.reward_warmup_steps]).toEqual([
      0.1, 50, 400, 250
    ])
    expect([model.reward_updates_per_policy_step, model.reward_lb, model.reward_ub, sampling.top_p]).toEqual([
      3, -5, 5, 0.95
    ])
    expect(decoded("mmlu_airl").config.model.reward_ub).toBe(2)
    expect(decoded("medicine_airl").config.model.max_prompt_length).toBe(350)
  })
})

describe("decode", () => {
  it("law: what is printed decodes to the same, at every origin", () => {
    for (const name of families) {
      const { config, tree } = decoded(name)
      const again = configure({
        library: [{ name: "", files: new Map([["x.yaml", printConfig(tree)]]) }],
        name: "x",
        overrides: [],
        multirun: false,
        env: {}
      })
      expect(Result.getOrThrow(again)[0]!.decoded.config).toEqual(config)
    }
  })

  it("law: a key that matters is what its override says", () => {
    const keys: ReadonlyArray<readonly [string, fc.Arbitrary<Value>]> = [
      ["seed", fc.nat()],
      ["training.beta", fc.double({ min: 0, max: 10, noNaN: true })],
      ["training.max_steps", fc.integer({ min: 1, max: 1e6 })],
      ["model.switch_label_if_correct", fc.boolean()],
      ["model.dense_rewards", fc.constantFrom(true, false, "full", "partial", "partial_fixed")]
    ]
    const change = fc.constantFrom(...keys).chain(([key, value]) => value.map((v) => [key, v] as const))
    fc.assert(
      fc.property(change, ([key, value]) => {
        const { config } = decoded("tiny_airl", [`${key}=${value}`])
        const at = key.split(".").reduce<unknown>((o, k) => (o as Readonly<Record<string, unknown>>)[k], config)
        expect(at).toEqual(value)
      }),
      { seed: 42, numRuns: 100 }
    )
  })

  it.each(Object.entries(rejections))("law: %s is rejected, with its reason", (key, {
    because,
    accepts = [],
    droppable
  }) => {
    expect(refusal([`++${key}=surprise`])).toContain(because)
    for (const value of accepts) expect(decoded("tiny_airl", [`++${key}=${value}`]).dropped).toEqual([])
    const leftOut = asked("tiny_airl", [`++${key}=surprise`], { dropRejected: true })
    expect(Result.isSuccess(leftOut)).toBe(droppable === true)
    expect(allKeys.has(key)).toBe(false)
  })

  it("law: every default fits its own schema, and every key has a sentence", () => {
    for (const [name, key] of allKeys) {
      expect(key.doc, name).toMatch(/^[A-Z].*\.$/)
      if (key.default !== undefined) expect(Schema.is(key.schema)(key.default), name).toBe(true)
      for (const other of (key.activeWhen ?? []).flatMap(keysOf))
        expect(other === "command" || allKeys.has(other), name).toBe(true)
      for (const value of Object.keys(key.refused ?? {})) expect(Schema.is(key.schema)(value), name).toBe(false)
    }
  })

  it("error: an unknown key is met with the nearest one, wherever that stands", () => {
    expect(refusal(["+training.betta=1"])).toContain(
      "override +training.betta=1: training.betta: there is no such key. Did you mean training.beta?"
    )
    expect(refusal(["+model.beta=1"])).toContain("Did you mean training.beta?")
    expect(refusal(["+modle.dense_rewards=1"])).toContain("Did you mean model.dense_rewards?")
    expect(refusal(["training.betta=1"])).toContain("Did you mean training.beta?")
  })

  it("error: all that is wrong is said at once, each with its place", () => {
    const message = refusal([
      "seed=-1",
      "training.max_steps=x",
      "model.critic_type=x",
      "model.neg_perturb_fns=[corrupt_with_chatgpt_wrong_reasoning]"
    ])
    expect(message).toContain("override seed=-1: seed: Expected a value greater than or equal to 0")
    expect(message).toContain("override training.max_steps=x: training.max_steps: Expected number | null")
    expect(message).toContain("model.critic_type: Expected")
    expect(message).toContain("model.neg_perturb_fns: corrupt_with_chatgpt_wrong_reasoning: asks an external model")
  })

  it("error: an override that would do nothing is refused, with what it needs", () => {
    expect(refusal(["model.dense_gamma=0.5"])).toContain(
      "override model.dense_gamma=0.5: model.dense_gamma: it does nothing here: it matters where model.advantage_calculation is discounted_dense or prime or discounted or unit_relative."
    )
    expect(refusal(["training.learning_rate=1"])).toContain("it matters where algorithm is not airl.")
    const active = ["model.dense_gamma=0.5", "model.advantage_calculation=discounted_dense"]
    expect(decoded("tiny_airl", active).config.model.dense_gamma).toBe(0.5)
    const segments = ["~model.reward_head", "model.critic_type=airl_segment"]
    expect(refusal([...segments, "model.advantage_calculation=discounted_dense"])).toContain(
      "model.advantage_calculation: it does nothing here: it matters where model.critic_type is standard."
    )
    const local = [...segments, "model.policy_reward_density=interval", "training.scale_rewards=none"]
    expect(refusal(local)).toContain("model.policy_reward_density is sequence.")
    const compared = [...segments, "model.dense_rewards=full", "training.scale_rewards=none"]
    expect(decoded("tiny_airl", compared).config.training.scale_rewards).toBe("none")
  })

  it("error: what is missing or contradicts itself is named", () => {
    expect(refusal(["~seed"])).toContain("seed: it must be given.")
    expect(refusal(["model.policy_name=???"])).toContain("model.policy_name: it must be given.")
    expect(refusal(["~model.shape"])).toContain("model.shape: model.policy_name=fresh needs it.")
    expect(refusal(["training.max_steps=null"])).toContain("training.max_steps: give it, or training.epochs.")
    expect(refusal(["model.reward_lb=9"])).toContain("model.reward_lb: it must be below model.reward_ub.")
    expect(refusal(["sampling.num_generations=7"])).toContain("whole groups of 7 generations")
    const unperturbed = ["model.num_neg_perturbations_per_expert=0"]
    expect(refusal(unperturbed)).toContain(
      "model.reward_batch: its 24 perturbed demonstrations need model.num_neg_perturbations_per_expert above 0. Set perturbed to 0, or model.reward_batch=null for all rollouts of a step."
    )
    expect(decoded("tiny_airl", [...unperturbed, "model.reward_batch.perturbed=0"]).config.model.reward_batch).toEqual({
      rollouts: 8,
      perturbed: 0
    })
    expect(refusal(["model.neg_perturb_fns=[]"])).toContain("it needs functions in model.neg_perturb_fns.")
  })

  it("error: a sweep needs -m, and values", () => {
    expect(refusal(["seed=1,2"])).toContain("add -m")
    expect(refusal(["seed=range(3,1)"], { multirun: true })).toContain("a sweep of no jobs")
  })
})

describe("pages", () => {
  it("edge: docs/configuration.md is current", async () => {
    await expect(configurationPage()).toMatchFileSnapshot(new URL("docs/configuration.md", root).pathname)
  })

  it("edge: configs/schema.json is current, and knows every key", async () => {
    const { schema } = Schema.toJsonSchemaDocument(runConfigSchema())
    const text = `${JSON.stringify({ $schema: "https://json-schema.org/draft/2020-12/schema", ...schema }, null, 2)}\n`
    await expect(text).toMatchFileSnapshot(new URL("configs/schema.json", root).pathname)
    for (const name of allKeys.keys()) expect(text).toContain(`"${name.slice(name.lastIndexOf(".") + 1)}"`)
  })

  it("edge: no file of configs/ is unreachable", () => {
    const files = readdirSync(configs, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml"))
    expect(files.length).toBe(library[0]!.files.size)
    for (const file of files) expect(() => readYaml(file, readFileSync(`${configs}/${file}`, "utf8"))).not.toThrow()
  })
})
