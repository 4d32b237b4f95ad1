import type { PolicyOptions, PolicyStepOptions } from "../../core/learner/index.ts"
import { plain } from "../../core/sampling/index.ts"
import type { SamplingOptions } from "../../core/service/index.ts"
import { type OptimiserSettings, optimiser } from "../run/index.ts"
import type { Duration, PolicyOptimiser, PolicyRecipe, Recipe } from "./Recipe.ts"
import type { Start } from "./start.ts"

/** Steps of a duration over items of which each step takes so many. */
export const stepsOf = (length: Duration, items: number, perStep: number): number =>
  "steps" in length ? length.steps : Math.max(1, Math.ceil((length.epochs * items) / perStep))

/** An optimiser's settings, once the number of its updates is known. */
export const settled = ({ warmupShare, ...rest }: PolicyOptimiser, updates: number): OptimiserSettings => ({
  ...rest,
  warmupSteps: Math.ceil(warmupShare * updates)
})

/** How completions are drawn. */
export const samplingOf = ({ sampling, limits }: Recipe, { stopIds }: Pick<Start, "stopIds">): SamplingOptions => ({
  ...plain(limits.completion, stopIds),
  ...sampling
})

/** The policy as it begins, what of it trains, and what is held in memory at once. */
export const trains = (
  { memory }: Pick<Recipe, "memory">,
  { config, params, adapter }: Pick<Start, "config" | "params" | "adapter">
): Pick<PolicyOptions, "config" | "params" | "adapter" | "recompute" | "logitChunk" | "scoringRows"> => ({
  config,
  params,
  ...memory,
  ...(adapter === undefined ? {} : { adapter })
})

/** The policy of a stage of so many steps. */
export const policyOptions = (
  recipe: Recipe,
  { objective, optimiser: settings, updates, microBatch }: PolicyRecipe,
  start: Start,
  steps: number
): PolicyOptions => ({
  ...trains(recipe, start),
  objective,
  optimiser: optimiser(settled(settings, steps * updates), steps * updates),
  ...(microBatch === undefined ? {} : { microBatch }),
  sampling: samplingOf(recipe, start),
  ...(start.sampler === undefined ? {} : { sampler: start.sampler }),
  longestPrompt: recipe.limits.prompt,
  vocabulary: start.tokenizer.vocabSize
})

/** How one step of the policy is made. */
export const stepOptions = ({
  generations,
  advantage,
  updates,
  experts,
  truncatedCount
}: PolicyRecipe): Omit<PolicyStepOptions, "outcomes"> => ({
  generations,
  advantage,
  updates,
  truncatedCount,
  ...(experts === undefined ? {} : { experts })
})
