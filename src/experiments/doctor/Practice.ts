import { Effect } from "effect"
import { Critics, type Params, Policies, type PromptItem, Sequence, Sft } from "../../core/learner/index.ts"
import { parameterSpecs } from "../../core/model/index.ts"
import type { Metrics } from "../../core/run/index.ts"
import type { Sampled } from "../../core/service/index.ts"
import { Rng } from "../../core/tensor/index.ts"
import { optimiser } from "../run/index.ts"
import {
  type CriticRecipe,
  criticOptions,
  lookAtProblems,
  type PolicyRecipe,
  policyOptions,
  policySteps,
  practiceOf,
  type SftRecipe,
  settled,
  trains,
  type Work,
  type WrittenCritic
} from "../train/index.ts"

import { probeAdapter, probePolicy } from "./probeAdapter.ts"

/** Prompts whose completions are drawn to compare sampler and trainer. */
const TRIED = 4

/** Completions drawn from real prompts, and what the trainer says of them. */
export interface Draws {
  readonly sampled: ReadonlyArray<Sampled>
  readonly own: ReadonlyArray<Float64Array>
}

/** A critic through one update at its highest rate. */
export interface CriticUpdate {
  readonly trained: ReadonlySet<string>
  /** Parameters of the head, which no trunk has. */
  readonly head: ReadonlyArray<string>
  readonly before: Params
  readonly metrics: Metrics
  readonly written: WrittenCritic
}

const lengthOf = ({ prompt, completion }: Sequence.Sequence): number => prompt.length + completion.length

/** So many items, those with the longest prompts first, again and again. */
const longestItems = (items: ReadonlyArray<PromptItem>, n: number): ReadonlyArray<PromptItem> => {
  const order = [...items].sort((a, b) => b.prompt.length - a.prompt.length).slice(0, n)
  return Array.from({ length: n }, (_, i) => order[i % order.length]!)
}

/** A completion as long as allowed, of tokens that demonstrations have. */
const fullCompletion = ({ data, start, recipe }: Work): ReadonlyArray<number> => {
  const known = data.train.flatMap(({ completion }) => completion.slice(0, -1)).slice(0, recipe.limits.completion)
  const words = known.length === 0 ? [0] : known
  const text = Array.from({ length: recipe.limits.completion - 1 }, (_, t) => words[t % words.length]!)
  return [...text, start.stopIds[0]!]
}

const imitation = ({ recipe, data, start }: Work, sft: SftRecipe) =>
  Effect.scoped(
    Effect.gen(function* () {
      const longest = [...data.train].sort((a, b) => lengthOf(b) - lengthOf(a))
      const stage = yield* Sft.make({
        name: "doctor",
        seed: recipe.seed,
        ...trains(recipe, start),
        train: Array.from({ length: sft.batchSize }, (_, i) => longest[i % longest.length]!),
        validation: data.validation.slice(0, recipe.looks.problems),
        steps: 1,
        batchSize: sft.batchSize,
        optimiser: optimiser(settled(sft.optimiser, 1), 1),
        validateEvery: recipe.looks.every
      })
      yield* stage.start
      return yield* stage.step(0)
    })
  )

/** Sequences of every width that programs are compiled for, up to the longest: each keeps what its runs needed. */
const everyWidth = (asked: ReadonlyArray<PromptItem>, completion: ReadonlyArray<number>) => {
  const prompts = [asked[0]!.prompt, asked.at(-1)!.prompt]
  const found = new Map<number, Sequence.Sequence>()
  for (const prompt of prompts)
    for (let length = 1; length <= completion.length; length++) {
      const sequence = { prompt, completion: completion.slice(0, length) }
      found.set(Sequence.width([sequence]), sequence)
    }
  return [...found.values()]
}

/** Rows that are sampled together at first, and what they shrink to as sequences end. */
const SAMPLED = [128, 64, 32]

/**
 * What is practised with a policy, all on one that is made when first needed.
 *
 * @param varied whether batches come in all sizes that they have in a run, in place of the largest alone
 */
const practising = Effect.fnUntraced(function* (work: Work, recipe: PolicyRecipe, varied: boolean) {
  const { data, start } = work
  const { learning } = work.recipe
  const { generations } = recipe
  const steps = policySteps(recipe, data)
  const made = yield* Effect.cached(
    Effect.gen(function* () {
      const policy = yield* Policies.make(policyOptions(work.recipe, recipe, start, steps))
      yield* policy.start
      return policy
    })
  )
  const asked = longestItems(data.items, recipe.promptsPerStep)
  const completion = fullCompletion(work)
  const rollouts = asked.flatMap(({ prompt }) => Array.from({ length: generations }, () => ({ prompt, completion })))
  // With self-distillation the reference reads an expert's trace in the prompt as well.
  const shown = ({ prompt }: Sequence.Sequence) => ({ prompt: [...prompt, ...completion], completion })
  const read = learning._tag === "Opsd" ? rollouts.map(shown) : rollouts

  const draw = Effect.gen(function* () {
    const policy = yield* made
    const prompts = asked.slice(0, TRIED).map(({ prompt }) => prompt)
    const sampled = yield* policy.sample(prompts, Rng.make(work.recipe.seed, "doctor"))
    const own = yield* policy.logProbs(sampled.map(({ completion }, i) => ({ prompt: prompts[i]!, completion })))
    return { sampled, own }
  })

  const probe = Effect.gen(function* () {
    const policy = yield* made
    const sequences = asked.slice(0, TRIED).map(({ prompt }) => ({ prompt, completion }))
    return yield* probePolicy(policy, sequences, work.recipe.seed)
  })

  const sizes = varied ? everyWidth(longestItems(data.items, data.items.length), completion) : []
  const vary = Effect.gen(function* () {
    const policy = yield* made
    for (const rows of varied ? SAMPLED : [])
      yield* policy.sample(
        Array.from({ length: rows }, (_, i) => data.items[i % data.items.length]!.prompt),
        Rng.make(work.recipe.seed, "doctor", rows)
      )
    for (const size of sizes) {
      yield* policy.logProbs([size])
      yield* policy.referenceLogProbs([size])
    }
  })

  const update = Effect.gen(function* () {
    const policy = yield* made
    yield* vary
    yield* policy.sample(
      rollouts.map(({ prompt }) => prompt),
      Rng.make(work.recipe.seed, "doctor", "batch")
    )
    const old = yield* policy.logProbs(rollouts)
    yield* policy.referenceLogProbs(read)
    const reference = yield* policy.referenceLogProbs(rollouts)
    const batch = rollouts.map((sequence, i) => ({
      ...sequence,
      oldLogProbs: old[i]!,
      samplerLogProbs: old[i]!,
      advantages: new Float64Array(completion.length).fill(i % 2 === 0 ? 1 : -1),
      counts: true
    }))
    return yield* policy.update(0, batch, reference)
  })

  const judge = Effect.fnUntraced(function* (recipe: CriticRecipe) {
    const policy = yield* made
    const { options, ...shape } = yield* criticOptions(work, recipe, steps)
    // What the update changed is judged by what it left, with a better reason.
    const critic = yield* Critics.make({ ...options, verifyUpdates: false }, { logProbs: policy.logProbs })
    yield* critic.start
    const before = yield* critic.params
    yield* critic.observe(
      rollouts.map((sequence, i) => ({
        ...sequence,
        demonstration: asked[Math.floor(i / generations)]!.demonstration ?? -1,
        switched: false
      }))
    )
    // Where the warm-up of its rate ends.
    const count = Math.min(recipe.warmupUpdates, recipe.optimiser.warmupSteps)
    const metrics = yield* critic.update(count, Rng.make(work.recipe.seed, "doctor", "critic"))
    for (const sequences of [rollouts, ...sizes.map((size) => [size])]) yield* critic.rewards(sequences)
    const { params, frozen } = options.model
    const written = { ...shape, texts: start.texts, critic: yield* critic.saved(1) }
    const trunk = parameterSpecs(shape.config)
    return {
      trained: new Set(Object.keys(params)),
      head: Object.keys({ ...params, ...frozen }).filter(
        (name) => trunk[name] === undefined && !/\.lora_[AB]\.weight$/u.test(name)
      ),
      before,
      metrics,
      written
    } satisfies CriticUpdate
  })
  // One that is frozen is read alone.
  const learns = learning._tag === "Airl" && learning.critic.updates + learning.critic.warmupUpdates > 0
  return {
    draw,
    update,
    probe: start.adapter === undefined ? undefined : probe,
    judge: learns ? judge(learning.critic) : undefined
  }
})

/** What there is to try of a policy that is fine-tuned alone. */
const alone = ({ start, data }: Work) => ({
  draw: undefined,
  update: undefined,
  judge: undefined,
  probe: start.adapter === undefined ? undefined : probeAdapter(start, start.adapter, data.train.slice(0, TRIED))
})

/**
 * Everything that a run of this work does, once each and at its largest shape; what is compiled goes with the scope.
 *
 * @param varied whether batches come in all sizes that they have in a run as well
 */
export const practice = Effect.fnUntraced(function* (work: Work, varied: boolean) {
  const { recipe, start } = work
  const { learning } = recipe
  const policy = practiceOf(work)
  const sft = learning._tag === "Sft" ? learning : policy?.sft
  const looks = learning._tag === "Grpo" || learning._tag === "Opsd"
  return {
    /** A step of supervised fine-tuning, with a look at held-out demonstrations. */
    imitate: sft === undefined ? undefined : imitation(work, sft),
    /** Of the policy's practice; absent where it is fine-tuned alone. */
    ...(policy === undefined ? alone(work) : yield* practising(work, policy, varied)),
    /** A look at held-out problems. */
    look: looks ? lookAtProblems(work)(start.params) : undefined
  }
})

export type Practice = Effect.Success<ReturnType<typeof practice>>
