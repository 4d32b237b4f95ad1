import { Effect } from "effect"
import { Outcomes } from "../../core/data/index.ts"
import { surfaceFeatures } from "../../core/evaluation/index.ts"
import {
  Airl,
  Grpo,
  type Params,
  type PromptItem,
  type RewardModel,
  type Sequence,
  Sft,
  Units
} from "../../core/learner/index.ts"
import type { ModelConfig } from "../../core/model/index.ts"
import { Advantage, PolicyLoss } from "../../core/objective/index.ts"
import { type Granularity, type Perturbation, Perturbations } from "../../core/reward/index.ts"
import { plain } from "../../core/sampling/index.ts"
import type { SamplingOptions } from "../../core/service/index.ts"
import { type Task, Tasks } from "../../core/task/index.ts"
import { Rng } from "../../core/tensor/index.ts"
import { freshDecoder, modelConfig, optimiser, type Session, steadyOptimiser } from "../run/index.ts"
import type { PolicySettings, Recipe } from "./Recipe.ts"

/** A task made ready for token models: ids, limits, the decoder's shape, and how experts are made wrong. */
export interface Prepared<R = Pick<Recipe, "model" | "sft" | "spareTokens">> {
  readonly task: Task
  readonly recipe: R
  readonly seed: number
  readonly config: ModelConfig
  readonly train: ReadonlyArray<Sequence.Sequence>
  readonly validation: ReadonlyArray<Sequence.Sequence>
  /** What the policy practises on: the demonstrations' prompts, then the unlabelled ones. */
  readonly items: ReadonlyArray<PromptItem>
  readonly sampling: SamplingOptions
  readonly longestPrompt: number
  readonly perturbation: Perturbation
}

const longest = (lists: ReadonlyArray<ReadonlyArray<number>>): number =>
  lists.reduce((n, ids) => Math.max(n, ids.length), 0)

/** Encodes a task. */
export const prepare = <R extends Prepared["recipe"]>(
  task: Task,
  recipe: R,
  seed: number,
  perturbation: Perturbation
): Prepared<R> => {
  const { train, validation, test } = task.splits
  const encode = (problem: (typeof train.problems)[number]) => task.tokenizer.encode(task.renderPrompt(problem))
  const demonstrated = new Set(train.demonstrations.map(({ problem }) => problem.id))
  const sequences = train.demonstrations.map((d) => Tasks.encodeDemonstration(task, d))
  const held = validation.demonstrations.map((d) => Tasks.encodeDemonstration(task, d))
  const unlabelled = train.problems.filter(({ id }) => !demonstrated.has(id)).map((p) => ({ prompt: encode(p) }))
  const items = [...sequences.map(({ prompt }, demonstration) => ({ prompt, demonstration })), ...unlabelled]
  const prompts = [
    ...items.map(({ prompt }) => prompt),
    ...held.map(({ prompt }) => prompt),
    ...test.problems.map(encode)
  ]
  const longestPrompt = longest(prompts)
  const maxTokens = longest(sequences.map(({ completion }) => completion)) + recipe.spareTokens
  return {
    task,
    recipe,
    seed,
    config: modelConfig(recipe.model, task.tokenizer.vocabSize, longestPrompt + maxTokens),
    train: sequences,
    validation: held,
    items,
    sampling: plain(maxTokens, [task.tokenizer.eosId]),
    longestPrompt,
    perturbation
  }
}

/** Supervised fine-tuning from nothing. */
export const learnSft = ({ recipe: { model, sft }, seed, config, train, validation }: Prepared, session: Session) =>
  Effect.scoped(
    Effect.gen(function* () {
      const stage = yield* Sft.make({
        name: "sft",
        seed,
        config,
        params: freshDecoder(config, model, seed),
        train,
        validation,
        steps: sft.steps,
        batchSize: sft.batchSize,
        optimiser: optimiser(sft.optimiser, sft.steps),
        validateEvery: sft.validateEvery
      })
      yield* session.run(stage)
      return yield* stage.result
    })
  )

const policyOptions = (prepared: Prepared<Recipe>, params: Params, settings: PolicySettings) => ({
  config: prepared.config,
  params,
  objective: PolicyLoss.grpo({
    clipLow: settings.clip,
    clipHigh: settings.clip,
    klCoefficient: settings.klCoefficient
  }),
  optimiser: optimiser(settings.optimiser, settings.steps * settings.updates),
  sampling: prepared.sampling,
  longestPrompt: prepared.longestPrompt,
  vocabulary: prepared.task.tokenizer.vocabSize
})

const stepOptions = ({ generations, advantage, updates, experts }: PolicySettings) => ({
  generations,
  advantage,
  updates,
  experts: { prompts: experts }
})

/** A granularity as the quickstart names it. */
export interface NamedGranularity {
  /** Letters and dashes: names files and keys. */
  readonly key: string
  readonly label: string
  readonly granularity: Granularity
  /** How it is learned where it departs from the plan. */
  readonly recipe?: Recipe
}

/** The task with the recipe of one variant. */
export const preparedFor = (prepared: Prepared<Recipe>, { recipe }: NamedGranularity): Prepared<Recipe> =>
  recipe === undefined ? prepared : { ...prepared, recipe }

/** What makes negatives of training demonstrations. */
const trainingPerturbation = (prepared: Prepared<Recipe>) => {
  const { perturbation } = prepared.recipe.critic
  if (perturbation === "none") return {}
  return { perturb: perturbing(perturbation === undefined ? prepared : { ...prepared, perturbation }, "train") }
}

/** Whether a training rollout has the right answer. */
const isRight =
  ({ task }: Prepared<Recipe>) =>
  ({ demonstration }: PromptItem, completion: ReadonlyArray<number>): boolean => {
    const problem = demonstration === undefined ? undefined : task.splits.train.demonstrations[demonstration]?.problem
    return (
      problem !== undefined && Outcomes.isCorrect(task.checkAnswer(problem, task.tokenizer.decode(completion))) === true
    )
  }

/** A perturbed version of the i-th of some demonstrations, as token ids. */
export const perturbing =
  ({ task, perturbation }: Pick<Prepared, "task" | "perturbation">, split: keyof Task["splits"]) =>
  (rng: Rng.Rng, index: number): ReadonlyArray<number> | undefined => {
    const { completion } = task.splits[split].demonstrations[index]!
    const changed = Perturbations.perturb(perturbation, completion, Rng.seed(rng))
    return changed._tag === "Unchanged" ? undefined : [...task.tokenizer.encode(changed.text), task.tokenizer.eosId]
  }

/** The name of the stage that learns one granularity. */
export const airlName = (key: string): string => `airl-${key}`

/** The critic of a granularity before training. */
export const rewardModelOf = ({ recipe, config, seed }: Prepared<Recipe>, sft: Params, key: string): RewardModel =>
  recipe.critic.model.make({ config, trunk: sft, seed: Rng.seed(Rng.make(seed, airlName(key), "critic")) })

/** Adversarial training of one granularity, from the SFT policy. */
export const learnAirl = (
  prepared: Prepared<Recipe>,
  session: Session,
  sft: Params,
  { key, granularity }: NamedGranularity
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { task, recipe, seed } = prepared
      const { policy, critic, heldOut } = recipe
      const partition = Units.partitioner(granularity, task.tokenizer)
      const held = prepared.validation.slice(0, heldOut.prompts)
      const problems = task.splits.validation.demonstrations.map(({ problem }) => problem)
      const stage = yield* Airl.make({
        name: airlName(key),
        seed,
        policy: policyOptions(prepared, sft, policy),
        critic: {
          model: rewardModelOf(prepared, sft, key),
          objective: critic.objective,
          optimiser: steadyOptimiser(critic.optimiser),
          partition,
          demonstrations: prepared.train,
          ...trainingPerturbation(prepared),
          batch: critic.batch,
          weighting: critic.weighting,
          scale: { temperature: critic.temperature, clamp: critic.clamp },
          replayCapacity: critic.replayCapacity
        },
        items: prepared.items,
        promptsPerStep: policy.promptsPerStep,
        step: stepOptions(policy),
        warmupUpdates: critic.warmupUpdates,
        updatesPerWarmupBatch: critic.updatesPerWarmupBatch,
        policySteps: policy.steps,
        criticUpdates: critic.updates,
        heldOut: { demonstrations: held, every: heldOut.every },
        selection: heldOut.selection,
        checkpointEvery: recipe.checkpointEvery,
        ...(critic.switchLabels ? { switchLabel: isRight(prepared) } : {}),
        surface: (completion) => surfaceFeatures(task.tokenizer.decode(completion)),
        isCorrect: (index, completion) =>
          Outcomes.isCorrect(task.checkAnswer(problems[index]!, task.tokenizer.decode(completion)))
      })
      yield* session.run(stage)
      return yield* stage.result
    })
  )

/** GRPO with the true outcome, on the training problems whose answer is known: what the same steps reach with the truth. */
export const learnGrpo = (prepared: Prepared<Recipe>, session: Session, sft: Params) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { task, recipe, seed } = prepared
      // A trace reward has no steps, so the estimator is the sequence-level one whatever AIRL uses.
      const settings = { ...recipe.policy, advantage: Advantage.groupRelative(), experts: 0, ...recipe.grpo }
      const problems = task.splits.train.demonstrations.map(({ problem }) => problem)
      const stage = yield* Grpo.make({
        name: "grpo",
        seed,
        policy: policyOptions(prepared, sft, settings),
        items: prepared.items.slice(0, problems.length),
        promptsPerStep: settings.promptsPerStep,
        step: stepOptions(settings),
        steps: settings.steps,
        checkpointEvery: recipe.checkpointEvery,
        judge: ({ demonstration }, completion) => {
          const problem = demonstration === undefined ? undefined : problems[demonstration]
          if (problem === undefined) return []
          const outcome = task.checkAnswer(problem, task.tokenizer.decode(completion))
          return [{ name: "correct", weight: 1, outcome }]
        }
      })
      yield* session.run(stage)
      return yield* stage.result
    })
  )
