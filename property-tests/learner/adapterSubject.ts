import { Effect, Result } from "effect"
import { AdapterConfigs, type AdapterOptions, Adapters } from "../../src/core/adapter/index.ts"
import {
  adapterHead,
  type CriticOptions,
  type Params,
  type PolicyOptions,
  type SharedBase,
  type SharedBaseOptions,
  SharedBases
} from "../../src/core/learner/index.ts"
import { residentParams } from "../../src/core/optim/index.ts"
import { Granularities } from "../../src/core/reward/index.ts"
import { Backend } from "../../src/core/service/index.ts"
import * as Subject from "./subject.ts"

/** An adapter of the tests' decoder. */
export const adapterOf = (options: AdapterOptions = {}, config = Subject.config) =>
  Result.getOrThrow(
    Result.flatMap(
      AdapterConfigs.make({ r: 3, lora_alpha: 6, target_modules: "all-linear", ...options }),
      (described) => Adapters.make(described, config)
    )
  )

export const policyAdapter = adapterOf()
export const criticAdapter = adapterOf({ task_type: "SEQ_CLS", r: 2, target_modules: ["q_proj", "v_proj", "up_proj"] })

/** Where the policy's adapter starts. */
export const fresh: Params = Adapters.initialise(policyAdapter, 2)

/** The tests' decoder, loaded once into a memory of its own. */
export const shared = (params: Params = Subject.params, options: Partial<SharedBaseOptions> = {}) =>
  Effect.gen(function* () {
    const memory = yield* (yield* Backend).memory
    yield* memory.write(residentParams(params))
    return yield* SharedBases.make({ config: Subject.config, memory, ...options })
  })

/** The fingerprint of a base as it lies in memory now. */
export const presentOf = ({ memory }: SharedBase) =>
  Effect.map(SharedBases.make({ config: Subject.config, memory }), ({ fingerprint }) => fingerprint)

/** What of a policy or of supervised fine-tuning makes it train an adapter. */
export const over = (base: SharedBase, scope = "policy/") => ({
  params: fresh,
  adapter: { adapter: policyAdapter, base, scope }
})

export const policy = (base: SharedBase, options: Partial<PolicyOptions> = {}) =>
  Subject.policy({ ...over(base), ...options })

export const criticModel = Result.getOrThrow(adapterHead({ config: Subject.config, adapter: criticAdapter, seed: 7 }))

export const critic = (base: SharedBase, options: Partial<Parameters<typeof Subject.critic>[1]> = {}): CriticOptions =>
  Subject.critic(Granularities.stepwise(), { model: criticModel, over: { base, scope: "critic/" }, ...options })
