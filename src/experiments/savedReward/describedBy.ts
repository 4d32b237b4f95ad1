import type { RunConfig } from "../../core/config/index.ts"
import { Granularities, type Granularity } from "../../core/reward/index.ts"
import type { StepRule } from "../../core/text/index.ts"
import type { RewardDescription } from "./RewardDescription.ts"

type Model = RunConfig["model"]

/** The units that a configuration rewards. */
const unitsOf = ({ dense_rewards, dense_partial_fixed_n }: Model, stepRule: StepRule): Granularity => {
  switch (dense_rewards) {
    case false:
      return Granularities.sparse
    case "partial":
      return Granularities.stepwise(stepRule)
    case "partial_fixed":
      return Granularities.interval(dense_partial_fixed_n)
    case true:
    case "full":
      return Granularities.dense
  }
}

/** How a run of this configuration, on a task with this step rule, turns its reward model's outputs into rewards. */
export const describedBy = (model: Model, stepRule: StepRule): RewardDescription => {
  const units = unitsOf(model, stepRule)
  const clamp = model.clip_reward_model ? ([model.reward_lb, model.reward_ub] as const) : null
  if (model.critic_type !== "airl_segment")
    return {
      granularity: units.name,
      form: model.reward_form,
      temperature: model.disc_temperature,
      clamp,
      segment: null,
      window: null
    }
  return {
    granularity: Granularities.segments(units, model.segment_tokens).name,
    form: "logit",
    temperature: 1,
    clamp,
    segment: {
      gamma: model.airl_gamma,
      shape_clamp: model.shape_clamp,
      reward: model.reward_mode === "standard" ? "mean_f" : model.reward_mode,
      lambda: model.lambda_shape
    },
    window: null
  }
}
