import { Effect } from "effect"
import { surfaceFeatures } from "../../core/evaluation/index.ts"
import { Airl, Grpo, Sft } from "../../core/learner/index.ts"
import { isRight, optimiser, type Session } from "../run/index.ts"
import { criticOptions } from "./criticOptions.ts"
import { keepingBest } from "./keepingBest.ts"
import { lookAtProblems } from "./lookAtProblems.ts"
import { policyOptions, settled, stepOptions, trains } from "./policyOptions.ts"
import type { CriticRecipe, PolicyRecipe, SftRecipe } from "./Recipe.ts"
import { judgeOf, policySteps, sftSteps, type Work } from "./Work.ts"

/** Supervised fine-tuning on the demonstrations. */
export const learnSft = ({ recipe, data, start }: Work, session: Session, sft: SftRecipe) =>
  Effect.scoped(
    Effect.gen(function* () {
      const steps = sftSteps(sft, data)
      const stage = yield* Sft.make({
        name: "sft",
        seed: recipe.seed,
        ...trains(recipe, start),
        train: data.train,
        validation: data.validation.slice(0, recipe.looks.problems),
        steps,
        batchSize: sft.batchSize,
        optimiser: optimiser(settled(sft.optimiser, steps), steps),
        validateEvery: recipe.looks.every
      })
      yield* session.run(stage)
      return yield* stage.result
    })
  )

/** Reinforcement learning from outcomes. */
export const learnGrpo = (work: Work, session: Session, policy: PolicyRecipe) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { recipe, data, start } = work
      const steps = policySteps(policy, data)
      const inner = yield* Grpo.make({
        name: "grpo",
        seed: recipe.seed,
        policy: policyOptions(recipe, policy, start, steps),
        items: data.items.filter(({ problem }) => problem?.finalAnswer !== undefined),
        promptsPerStep: policy.promptsPerStep,
        steps,
        checkpointEvery: recipe.looks.every,
        step: stepOptions(policy),
        judge: judgeOf(data.task)
      })
      const stage = keepingBest(inner, { every: recipe.looks.every, keep: policy.keep, look: lookAtProblems(work) })
      yield* session.run(stage)
      return yield* stage.result
    })
  )

/** Adversarial training. */
export const learnAirl = (work: Work, session: Session, policy: PolicyRecipe, critic: CriticRecipe) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { recipe, data, start } = work
      const { task } = data
      const steps = policySteps(policy, data)
      const held = task.splits.validation.demonstrations.map(({ problem }) => problem)
      const right = isRight(task)
      const { options, ...built } = yield* criticOptions(work, critic, steps)
      const stage = yield* Airl.make({
        name: "airl",
        seed: recipe.seed,
        policy: policyOptions(recipe, policy, start, steps),
        critic: options,
        items: data.items,
        promptsPerStep: policy.promptsPerStep,
        step: {
          ...stepOptions(policy),
          ...(policy.outcomes === undefined ? {} : { outcomes: { judge: judgeOf(task), joins: policy.outcomes } })
        },
        warmupUpdates: critic.warmupUpdates,
        ...(critic.warmupBatch === undefined ? {} : { warmupBatch: critic.warmupBatch }),
        updatesPerWarmupBatch: critic.updatesPerWarmupBatch,
        continueWarmup: critic.load?.continueWarmup ?? false,
        policySteps: steps,
        criticUpdates: critic.updates,
        failOnUnchanged: critic.failOnUnchanged,
        heldOut: { demonstrations: data.validation.slice(0, recipe.looks.problems), every: recipe.looks.every },
        selection: { keep: policy.keep },
        checkpointEvery: recipe.looks.every,
        ...(critic.switchLabels ? { switchLabel: right } : {}),
        surface: (completion) => surfaceFeatures(task.tokenizer.decode(completion)),
        isCorrect: (index, completion) => right({ prompt: [], problem: held[index]! }, completion)
      })
      yield* session.run(stage)
      const learned = yield* stage.result
      const { critic: saved, state } = yield* stage.savedCritic
      return { ...learned, saved, state, ...built }
    })
  )
