import type { SamplerCorrection } from "../objective/index.ts"
import type { Metrics } from "../run/index.ts"

/** Log-probabilities of one completion's tokens as the trainer and the sampler computed them, [T] each, in nats. */
export interface TwiceRead {
  readonly oldLogProbs: ArrayLike<number>
  readonly samplerLogProbs: ArrayLike<number>
}

/**
 * How far the sampler is from the trainer, under TRL's names: mean and largest |log π_old - log π_sampler| a token, and
 * the weights that the correction gives.
 */
export const samplerMismatch = (rows: ReadonlyArray<TwiceRead>, correction: SamplerCorrection): Metrics => {
  const differences = rows.map(({ oldLogProbs, samplerLogProbs }) =>
    Array.from(oldLogProbs, (own, t) => own - samplerLogProbs[t]!)
  )
  const sum = (xs: ReadonlyArray<number>) => xs.reduce((s, x) => s + x, 0)
  const all = differences.flat()
  const logRatios = correction.level === "token" ? all : differences.map(sum)
  const weights = logRatios.map((d) => correction.bounded(Math.exp(d)))
  return Object.fromEntries([
    ...aggregates("sampling/sampling_logp_difference", all.map(Math.abs), ["mean", "max"]),
    ...aggregates("sampling/importance_sampling_ratio", weights, ["min", "mean", "max"])
  ])
}

const reducers = {
  min: (xs: ReadonlyArray<number>) => xs.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
  max: (xs: ReadonlyArray<number>) => xs.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
  mean: (xs: ReadonlyArray<number>) => xs.reduce((s, x) => s + x, 0) / xs.length
}

const aggregates = (name: string, values: ReadonlyArray<number>, kinds: ReadonlyArray<keyof typeof reducers>) =>
  kinds.map((kind) => [`${name}/${kind}`, values.length === 0 ? null : reducers[kind](values)] as const)
