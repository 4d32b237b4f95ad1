import { Effect } from "effect"
import type { StepRule } from "../../core/text/index.ts"
import type { EvaluateOptions } from "../commands/index.ts"
import { BadModelFolder } from "../models/index.ts"
import { type Asked, Descriptions, describedBy } from "../savedReward/index.ts"
import type { EvaluationPlan } from "./EvaluationPlan.ts"
import { evaluatedTask } from "./evaluatedTask.ts"
import * as PolicyReader from "./PolicyReader.ts"
import * as RewardReader from "./RewardReader.ts"
import { readPolicy, readRewardModel, type WholeReward } from "./wholeModel.ts"

/**
 * How the reward is read: a configuration describes the reward of its own run, so where it departs from what was saved
 * it is honoured, and told; a reward that is named apart describes itself.
 */
const askedOf = (
  { model, eval: own }: EvaluateOptions["config"],
  stepRule: StepRule,
  { saved }: WholeReward
): Asked => {
  const described = describedBy(model, stepRule)
  if (saved === undefined) return { description: described, notes: [] }
  // An evaluation has no keys for the form and the temperature, nor for the window.
  const { form, temperature, window } = saved.reading
  const description = own.reward_model === null ? { ...described, form, temperature, window } : saved.reading
  return {
    description,
    notes: Descriptions.differences(saved.reading, description).map(Descriptions.describeDifference)
  }
}

/** The problems, models and readers that a plan asks for. */
export const modelsOf = Effect.fnUntraced(function* (
  { config }: Pick<EvaluateOptions, "config">,
  plan: EvaluationPlan
) {
  const draws = plan.inputs === undefined
  const whole = draws || plan.logProbs ? yield* readPolicy(plan.policy, config.model.chat_template) : undefined
  const rewardModel = plan.rewardModel === undefined ? undefined : yield* readRewardModel(plan.rewardModel)
  const shown = whole?.model ?? rewardModel?.model ?? (yield* readPolicy(plan.policy, config.model.chat_template)).model
  if (
    rewardModel !== undefined &&
    JSON.stringify(rewardModel.model.tokenizer.json) !== JSON.stringify(shown.tokenizer.json)
  )
    return yield* new BadModelFolder({
      file: `${rewardModel.folder}/tokenizer.json`,
      reason:
        "its tokens are not the policy's, whose completions it is to judge: take a reward model of the same family."
    })
  const evaluated = yield* evaluatedTask(config, shown)
  const policy = whole === undefined ? undefined : yield* PolicyReader.make(whole, config.model.logit_chunk)
  const used = rewardModel === undefined ? undefined : askedOf(config, evaluated.task.stepRule, rewardModel)
  const reward =
    rewardModel === undefined
      ? undefined
      : yield* RewardReader.make(rewardModel, Descriptions.readingOf(used!.description))
  return { shown, evaluated, policy, reward, description: used?.description ?? null, notes: used?.notes ?? [] }
})

/** What an evaluation reads by. */
export type Models = Effect.Success<ReturnType<typeof modelsOf>>
