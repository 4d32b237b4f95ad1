import { Effect } from "effect"
import { type CriticOptions, type SavedCritic, Units } from "../../core/learner/index.ts"
import {
  Granularities,
  type Granularity,
  type Perturbation,
  Perturbations,
  storedCorruptions
} from "../../core/reward/index.ts"
import type { Task } from "../../core/task/index.ts"
import { optimiser, perturbed } from "../run/index.ts"
import { criticModel } from "./criticModel.ts"
import { NothingToLearnFrom, type PreparedData } from "./prepareData.ts"
import type { CriticRecipe, GranularityRecipe } from "./Recipe.ts"
import { loadCritic } from "./rewardFolder.ts"
import type { Work } from "./Work.ts"

const granularityOf = (recipe: GranularityRecipe, { stepRule }: Task): Granularity => {
  switch (recipe._tag) {
    case "Sparse":
      return Granularities.sparse
    case "Stepwise":
      return Granularities.stepwise(stepRule)
    case "Interval":
      return Granularities.interval(recipe.tokens)
    case "Dense":
      return Granularities.dense
  }
}

/** Several perturbations are chained, as in the reference; the data's own wrong versions are drawn in their place. */
const perturbationOf = Effect.fnUntraced(function* (
  { perturbations, stored }: CriticRecipe["negatives"],
  { corruptions }: PreparedData
) {
  const chained = perturbations.length === 0 ? [] : [Perturbations.chain(perturbations)]
  if (stored && corruptions.length === 0)
    return yield* new NothingToLearnFrom({
      reason: "The data store no wrong versions of their demonstrations",
      fix: "Leave stored_corruptions out of model.neg_perturb_fns, or give data with corrupted_reasonings"
    })
  const all: ReadonlyArray<Perturbation> = [...chained, ...(stored ? [storedCorruptions(corruptions)] : [])]
  return all.length === 0 ? undefined : Perturbations.oneOf(all)
})

/** The optimiser of the updates to come, after those that a loaded one has made; its rate rises over the warm-up alone. */
const optimiserOf = (critic: CriticRecipe, load: SavedCritic | undefined, updates: number) => {
  const warmup = load === undefined || critic.load?.continueWarmup === true ? critic.warmupUpdates : 0
  const before = (load?.optimiser?.updates ?? 0) + warmup
  const warmupSteps = Math.min(before, critic.optimiser.warmupSteps)
  return optimiser({ ...critic.optimiser, warmupSteps }, before + updates)
}

/** A reward model has no logits to cut into chunks; its verifier head is told of them by itself. */
const criticMemory = ({ memory: { logitChunk: _, ...rest } }: Pick<Work["recipe"], "memory">) => rest

/** The reward model of a run, and how it learns beside a policy of so many steps; its shape, to write it down. */
export const criticOptions = Effect.fnUntraced(function* (work: Work, critic: CriticRecipe, policySteps: number) {
  const { data, recipe } = work
  const units = granularityOf(critic.granularity, data.task)
  const granularity = critic.segmentTokens === undefined ? units : Granularities.segments(units, critic.segmentTokens)
  const perturbation = yield* perturbationOf(critic.negatives, data)
  const { chosen, ...shape } = yield* criticModel(work, critic)
  const load = critic.load === undefined ? undefined : yield* loadCritic(chosen.model, critic.load)
  const options: CriticOptions = {
    ...chosen,
    ...criticMemory(recipe),
    objective: critic.objective,
    optimiser: optimiserOf(critic, load, policySteps * critic.updates),
    partition: Units.partitioner(granularity, data.task.tokenizer),
    demonstrations: data.train,
    ...(perturbation === undefined
      ? {}
      : { perturb: perturbed(data.task, data.task.splits.train.demonstrations, perturbation) }),
    batch: critic.batch,
    dedup: critic.dedup,
    ...(critic.microBatch === undefined ? {} : { microBatch: critic.microBatch }),
    ...(load === undefined ? {} : { load }),
    replayCapacity: critic.replayCapacity,
    verifyUpdates: critic.verifyUpdates
  }
  return { options, ...shape }
})
