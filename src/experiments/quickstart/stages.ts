import { Effect } from "effect"
import { Outcomes } from "../../core/data/index.ts"
import { surfaceFeatures } from "../../core/evaluation/index.ts"
import { Airl, Grpo, type Params, type RewardModel, Sft, Units } from "../../core/learner/index.ts"
import type { ModelConfig } from "../../core/model/index.ts"
import { Advantage, PolicyLoss } from "../../core/objective/index.ts"
import { type Granularity, injectErrors, type Perturbation } from "../../core/reward/index.ts"
import { plain } from "../../core/sampling/index.ts"
import type { SamplingOptions } from "../../core/service/index.ts"
import { type SplitName, type Task, Tasks } from "../../core/task/index.ts"
import { Rng } from "../../core/tensor/index.ts"
import {
  type EncodedTask,
  encodeTask,
  freshDecoder,
  isRight,
  longest,
  modelConfig,
  optimiser,
  perturbed,
  type Session,
  spells,
  steadyOptimiser
} from "../run/index.ts"
import type { PolicySettings, Recipe } from "./Recipe.ts"

/** A task made ready for token models: ids, limits, the decoder's shape, and how experts are made wrong. */
export interface Prepared<R = Pick<Recipe, "model" | "sft" | "spareTokens">> extends EncodedTask {
  readonly task: Task
  readonly recipe: R
  readonly seed: number
  readonly config: ModelConfig
  readonly sampling: SamplingOptions
  readonly perturbation: Perturbation
}

/** Encodes a task. */
export const prepare = <R extends Prepared["recipe"]>(
  task: Task,
  recipe: R,
  seed: number,
  perturbation: Perturbation
): Prepared<R> => {
  const encoded = encodeTask(task)
  const maxTokens = longest(encoded.train.map(({ completion }) => completion)) + recipe.spareTokens
  return {
    task,
    recipe,
    seed,
    ...encoded,
    config: modelConfig(recipe.model, task.tokenizer.vocabSize, encoded.longestPrompt + maxTokens),
    sampling: plain(maxTokens, [task.tokenizer.eosId]),
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

/** The task with an expert who errs in so many of the training demonstrations, in the way of the task's perturbation. */
const erring = (prepared: Prepared<Recipe>, rate: number): Prepared<Recipe> => {
  const { task, seed, perturbation } = prepared
  const { train } = task.splits
  const accept = spells(task.tokenizer)
  const { demonstrations } = injectErrors(train.demonstrations, { rate, perturbation, seed, accept })
  return {
    ...prepared,
    task: { ...task, splits: { ...task.splits, train: { ...train, demonstrations } } },
    train: demonstrations.map((demonstration) => Tasks.encodeDemonstration(task, demonstration))
  }
}

/** The task with the recipe of one variant. */
export const preparedFor = (prepared: Prepared<Recipe>, { recipe }: NamedGranularity): Prepared<Recipe> => {
  if (recipe === undefined) return prepared
  const { expertErrors } = recipe.critic
  return { ...(expertErrors === undefined ? prepared : erring(prepared, expertErrors)), recipe }
}

/** What makes negatives of training demonstrations. */
const trainingPerturbation = (prepared: Prepared<Recipe>) => {
  const { perturbation } = prepared.recipe.critic
  if (perturbation === "none") return {}
  return { perturb: perturbing(perturbation === undefined ? prepared : { ...prepared, perturbation }, "train") }
}

/** A perturbed version of the i-th demonstration of a split. */
export const perturbing = ({ task, perturbation }: Pick<Prepared, "task" | "perturbation">, split: SplitName) =>
  perturbed(task, task.splits[split].demonstrations, perturbation)

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
        ...(critic.switchLabels ? { switchLabel: isRight(task) } : {}),
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
