import { Effect } from "effect"
import type { Specs } from "../optim/index.ts"
import { Shapes } from "../tensor/index.ts"
import { BadCritic, type CriticOptions } from "./CriticOptions.ts"
import type { Params } from "./Params.ts"

/** The first tensor that is missing, or of another shape. */
const misfit = (found: Params, expected: Specs): string | undefined => {
  for (const [name, { shape }] of Object.entries(expected)) {
    const own = found[name]
    if (own === undefined) return `"${name}" ${Shapes.print(shape)} is missing`
    if (!Shapes.equal(own.shape, shape))
      return `"${name}" is ${Shapes.print(own.shape)}, and the model's ${Shapes.print(shape)}`
  }
  return undefined
}

/** What a critic will be asked to do. */
interface Asked {
  /** Whether log π of a present policy is there. */
  readonly hasPolicy: boolean
  /** Traces of the smallest update. */
  readonly fewestRows: number
}

const reasons = (options: CriticOptions, { hasPolicy, fewestRows }: Asked): ReadonlyArray<string | undefined> => {
  const { model, objective, segment, dedup, microBatch, load, optimiser } = options
  const { pairs, slopes = false } = objective.needs ?? {}
  const own = options.over === undefined ? { ...model.params, ...model.frozen } : model.params
  const loaded = load && misfit(load.params, own)
  const absent = load === undefined ? misfit(model.initial, own) : undefined
  const moments = load?.optimiser && misfit(load.optimiser.moments, optimiser.init(model.params))
  return [
    slopes && segment !== undefined
      ? `${objective.name} reads slopes, which a segment critic has none of: log π has no gradient in embeddings. Set gradientPenalty: 0, or leave out segment.`
      : undefined,
    slopes && segment === undefined && model.embedded === undefined
      ? `${objective.name} reads slopes between embeddings, and ${model.name} reads token ids beside them. Take RewardModels.scalarHead, or gradientPenalty: 0.`
      : undefined,
    pairs !== undefined && dedup === true
      ? `dedup changes nothing in ${objective.name}, where recurring experts meet each rollout once as it is. Leave it out.`
      : undefined,
    segment !== undefined && segment.logProbWeight !== 0 && !hasPolicy
      ? "a segment critic's logit holds log π of the present policy, and there is none here. Give policyLogProbs, or set logProbWeight: 0."
      : undefined,
    microBatch !== undefined && !(Number.isInteger(microBatch) && microBatch > 0)
      ? `microBatch is a number of rows, at least 1; got ${microBatch}.`
      : undefined,
    Object.keys(model.params).length === 0 && options.verifyUpdates !== false
      ? `${model.name} has no parameter that trains. Give it some, or set verifyUpdates: false where it is to stay.`
      : undefined,
    fewestRows === 0
      ? "its batches hold no traces. Set batch.rollouts above 0, or give perturb and batch.perturbed."
      : undefined,
    absent &&
      `${model.name} reads parameters of a shared base: ${absent}. Say in over where the base lies, or give the model a trunk.`,
    loaded &&
      `the parameters to load are not of ${model.name}: ${loaded}. Load it into the model that it was saved from.`,
    moments &&
      `the optimiser's moments to load are of another optimiser: ${moments}. Leave optimiser out of load for fresh ones.`
  ]
}

/** Fails with what is wrong first, and how to mend it. */
export const checked = (options: CriticOptions, asked: Asked): Effect.Effect<void, BadCritic> => {
  const reason = reasons(options, asked).find((one) => one !== undefined)
  return reason === undefined ? Effect.void : Effect.fail(new BadCritic({ reason }))
}
