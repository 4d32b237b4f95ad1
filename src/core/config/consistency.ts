import { datasetsWithoutTraces, testDatasets } from "./keys/datasetNames.ts"
import type { Origin, Value } from "./Node.ts"
import { type Node, select } from "./Node.ts"
import { printValue } from "./Override.ts"
import { allKeys, type RunConfig, requirements } from "./RunConfig.ts"

/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  readonly key: string
  readonly origin: Origin
  readonly reason: string
}

/** Values by key, in a tree that has its defaults. */
export type ValueOf = (key: string) => Value | undefined
/** Whether a key matters in that tree. */
export type Matters = (key: string) => boolean

const DEFAULT: Origin = { _tag: "Default" }

/** The key that names the policy's model. */
const policyKey = (valueOf: ValueOf): string => (valueOf("algorithm") === "airl" ? "model.policy_name" : "model.name")

/** What must be there and is not. */
export const absences = (tree: Node, valueOf: ValueOf, matters: Matters): ReadonlyArray<ConfigProblem> => {
  const algorithm = valueOf("algorithm")
  const needed = typeof algorithm === "string" && Object.hasOwn(requirements, algorithm) ? algorithm : undefined
  const always = [...allKeys].filter(([, key]) => key.default === undefined).map(([name]) => name)
  const own = needed === undefined ? [] : requirements[needed as RunConfig["algorithm"]].filter(matters)
  const missing = [...always, ...own]
    .filter((name) => (valueOf(name) ?? null) === null)
    .map((key) => ({ key, origin: tree.origin, reason: "it must be given." }))
  const fresh = policyKey(valueOf)
  const shapeless = valueOf(fresh) === "fresh" && (valueOf("model.shape") ?? null) === null
  const endless = (valueOf("training.max_steps") ?? valueOf("training.epochs") ?? null) === null
  const frozen = matters("model.frozen_discriminator_path") && valueOf("model.frozen_discriminator_path") === null
  const at = (key: string, reason: string): ConfigProblem => ({ key, origin: tree.origin, reason })
  return [
    ...missing,
    ...(shapeless ? [at("model.shape", `${fresh}=fresh needs it.`)] : []),
    ...(endless ? [at("training.max_steps", "give it, or training.epochs.")] : []),
    ...(frozen ? [at("model.frozen_discriminator_path", "training.freeze_discriminator needs it.")] : [])
  ]
}

type Rule = (valueOf: ValueOf, matters: Matters) => readonly [key: string, reason: string] | undefined

const number = (valueOf: ValueOf, key: string): number => Number(valueOf(key))

/** Traces of a step, N, and how they fall into groups. */
const wholeGroups: Rule = (valueOf) => {
  const generations = number(
    valueOf,
    valueOf("algorithm") === "airl" ? "sampling.num_generations" : "training.num_generations"
  )
  const key = "training.per_device_train_batch_size"
  const traces = number(valueOf, key) * number(valueOf, "training.gradient_accumulation_steps")
  return valueOf("algorithm") === "sft" || traces % generations === 0
    ? undefined
    : [key, `the ${traces} traces of a step must be whole groups of ${generations} generations.`]
}

/** Adapters need a base that lies in files. */
const adapters: Rule = (valueOf, matters) => {
  const given = (name: string) => matters(`model.${name}`) && (valueOf(`model.${name}`) ?? null) !== null
  const policy = policyKey(valueOf)
  const onPolicy = given("reward_lora_rank") && valueOf("model.reward_name") === "policy"
  const bases = [
    ...(given("lora_rank") || given("policy_lora_rank") || onPolicy ? [policy] : []),
    ...(given("reward_lora_rank") ? ["model.reward_name"] : [])
  ]
  const key = bases.find((name) => valueOf(name) === "fresh")
  return key === undefined ? undefined : [key, "an adapter needs a trained base; train all weights of a fresh model."]
}

/** A server follows the policy by its adapter, and has to be found. */
const server: Rule = (valueOf) => {
  if (valueOf("training.use_vllm") !== true) return undefined
  const rank = valueOf("algorithm") === "airl" ? "model.policy_lora_rank" : "model.lora_rank"
  if ((valueOf(rank) ?? null) === null)
    return [rank, "training.use_vllm needs it: a server loads adapters, not weights."]
  const url = "training.vllm_server_base_url"
  return (valueOf(url) ?? null) === null ? [url, "training.use_vllm needs it."] : undefined
}

/** Perturbed demonstrations of an update, which nothing perturbs. */
const unperturbed: Rule = (valueOf, matters) => {
  const perturbed = number(valueOf, "model.reward_batch.perturbed")
  return matters("model.reward_batch") && perturbed > 0 && valueOf("model.num_neg_perturbations_per_expert") === 0
    ? [
        "model.reward_batch",
        `its ${perturbed} perturbed demonstrations need model.num_neg_perturbations_per_expert above 0. Set perturbed to 0, or model.reward_batch=null for all rollouts of a step.`
      ]
    : undefined
}

/** What each key allows and two together do not. */
const rules: ReadonlyArray<Rule> = [
  wholeGroups,
  adapters,
  server,
  unperturbed,
  (valueOf) =>
    testDatasets.some((name) => name === valueOf("dataset.name"))
      ? ["dataset.name", "its problems are for testing; train on aime_train or aime_train_kd."]
      : undefined,
  (valueOf, matters) =>
    matters("model.reward_lb") && number(valueOf, "model.reward_lb") >= number(valueOf, "model.reward_ub")
      ? ["model.reward_lb", "it must be below model.reward_ub."]
      : undefined,
  (valueOf, matters) => {
    const functions = valueOf("model.neg_perturb_fns")
    return matters("model.neg_perturb_fns") && Array.isArray(functions) && functions.length === 0
      ? ["model.num_neg_perturbations_per_expert", "it needs functions in model.neg_perturb_fns."]
      : undefined
  },
  (valueOf) => {
    const [name, algorithm] = [valueOf("dataset.name"), valueOf("algorithm")]
    const imitates = algorithm !== "grpo" || number(valueOf, "sft.steps") > 0
    return typeof name === "string" && datasetsWithoutTraces.includes(name) && imitates
      ? ["dataset.name", `${name} brings no expert traces to learn from; take ${name}_kd.`]
      : undefined
  },
  (valueOf, matters) =>
    matters("model.gradient_penalty_coef") && valueOf("model.critic_type") === "airl_segment"
      ? ["model.classifier_loss", "the segment critic has no gradient penalty: take bce or a pairwise loss."]
      : undefined,
  (valueOf, matters) =>
    valueOf("training.scale_rewards") === "batch" &&
    matters("model.advantage_calculation") &&
    valueOf("model.advantage_calculation") === "average_dense"
      ? [
          "training.scale_rewards",
          "average_dense is scaled by group or by none; model.advantage_calculation=grpo by batch too."
        ]
      : undefined
]

/** What contradicts itself, and shapes that nothing is made of. */
export const contradictions = (tree: Node, valueOf: ValueOf, matters: Matters): ReadonlyArray<ConfigProblem> => {
  const originOf = (key: string): Origin => select(tree, key.split("."))?.origin ?? DEFAULT
  const found = rules.flatMap((rule) => {
    const broken = rule(valueOf, matters)
    return broken === undefined ? [] : [{ key: broken[0], origin: originOf(broken[0]), reason: broken[1] }]
  })
  const [shape, policy] = ["model.shape", policyKey(valueOf)]
  const unused = originOf(shape)._tag === "Override" && valueOf(policy) !== "fresh"
  const reason = `it does nothing here: it matters where ${policy} is fresh, not ${printValue(valueOf(policy) ?? null)}.`
  return unused ? [...found, { key: shape, origin: originOf(shape), reason }] : found
}
