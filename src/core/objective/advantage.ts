import { discountedMeans } from "./discountedMeans.ts"
import { mean, STD_FLOOR, sampleStd } from "./statistics.ts"
import type { AdvantageEstimator, BatchAdvantageEstimator, UnitRewards } from "./UnitRewards.ts"

export { discountedDense, leaveOneOut, type TokenReturnOptions } from "./discountedDense.ts"
export { returnsToGo } from "./returnsToGo.ts"
export { type LocalSignal, LocalSignals, type SegmentLocalOptions, segmentLocal } from "./segmentLocal.ts"
export { type UnitRelativeOptions, unitRelative } from "./unitRelative.ts"

export interface TraceScaleOptions {
  /** Trace reward from unit rewards, their mean by default: spec 3 `average_dense` with units for tokens. */
  readonly select?: (units: ReadonlyArray<number>) => number
  /** What the name calls it, `mean` by default. */
  readonly selector?: string
  /**
   * Added to the standard deviation, 1e-4 by default. A learned reward whose differences within a group are noise
   * needs a floor of the size of that noise, or the noise is blown up to unit advantages.
   */
  readonly floor?: number
}

export interface GroupRelativeOptions extends TraceScaleOptions {
  /** Whether differences are divided by the group's standard deviation (the default) or left as they are. */
  readonly scale?: "group" | "none"
}

const nameOf = (kind: string, { selector = "mean", floor = STD_FLOOR, scale }: GroupRelativeOptions): string =>
  `${kind}(${[selector, ...(floor === STD_FLOOR ? [] : [`floor=${floor}`]), ...(scale === "none" ? ["unscaled"] : [])].join(", ")})`

/** Trace rewards of the rollouts that have units; `undefined` for the others. */
const traceRewards = (group: ReadonlyArray<UnitRewards>, { select = mean }: TraceScaleOptions) =>
  group.map(({ units }) => (units.length === 0 ? undefined : select(units)))

const present = (rewards: ReadonlyArray<number | undefined>): ReadonlyArray<number> =>
  rewards.flatMap((r) => (r === undefined ? [] : [r]))

/** (r_i - mean r) / scale, for every token of rollout i; 0 without a reward. */
const centred = (
  group: ReadonlyArray<UnitRewards>,
  rewards: ReadonlyArray<number | undefined>,
  scale: number
): ReadonlyArray<Float64Array> => {
  const m = mean(present(rewards))
  return group.map(({ unitOf }, i) => {
    const r = rewards[i]
    return new Float64Array(unitOf.length).fill(r === undefined ? 0 : (r - m) / scale)
  })
}

/**
 * Sequence-level group-relative advantage: the trace reward r_i = select(unit rewards), then
 *
 *   A_i = (r_i - mean_group r) / (std_group r + floor),   std unbiased,
 *
 * the same for every token of the rollout. A rollout without units takes no part: its tokens, if any, get 0.
 */
export const groupRelative = (options: GroupRelativeOptions = {}): AdvantageEstimator => ({
  name: nameOf("group-relative", options),
  estimate: (group) => {
    const rewards = traceRewards(group, options)
    const scale = options.scale === "none" ? 1 : sampleStd(present(rewards)) + (options.floor ?? STD_FLOOR)
    return centred(group, rewards, scale)
  }
})

/** As `groupRelative`, but divided by the standard deviation of all trace rewards of the batch. */
export const batchScaled = (options: TraceScaleOptions = {}): BatchAdvantageEstimator => ({
  name: nameOf("batch-scaled", options),
  estimateBatch: (groups) => {
    const rewards = groups.map((group) => traceRewards(group, options))
    const scale = sampleStd(present(rewards.flat())) + (options.floor ?? STD_FLOOR)
    return groups.map((group, g) => centred(group, rewards[g]!, scale))
  }
})

/** An estimator of groups, one group after the other. */
export const overGroups = ({ name, estimate }: AdvantageEstimator): BatchAdvantageEstimator => ({
  name,
  estimateBatch: (groups) => groups.map(estimate)
})

/**
 * `groupRelative` of the mean over *tokens*, each with the reward of its unit: the reference's `average_dense`. A long
 * unit counts for more than a short one (training spec D14), which `groupRelative` avoids.
 */
export const averageDense = (options: Pick<GroupRelativeOptions, "floor" | "scale"> = {}): AdvantageEstimator => {
  const { estimate } = groupRelative(options)
  return {
    name: nameOf("average-dense", { ...options, selector: "token mean" }),
    estimate: (group) =>
      estimate(
        group.map(({ units, unitOf }) => ({
          units: units.length === 0 ? [] : [mean(Array.from(unitOf, (k) => units[k]!))],
          unitOf
        }))
      )
  }
}

/** Advantages of a group, plus the group-relative advantage of the outcome rewards of the rollouts that have one. */
const addOutcome = (
  own: ReadonlyArray<Float64Array>,
  group: ReadonlyArray<UnitRewards>
): ReadonlyArray<Float64Array> => {
  const outcomes = group.map(({ outcome, unitOf }) => ({ units: outcome === undefined ? [] : [outcome], unitOf }))
  const ofOutcome = groupRelative().estimate(outcomes)
  return own.map((advantages, i) => advantages.map((a, t) => a + ofOutcome[i]![t]!))
}

/** An estimator's advantages, plus the group-relative advantage of the outcome rewards. */
export const plusOutcome = ({ name, estimate }: AdvantageEstimator): AdvantageEstimator => ({
  name: `${name} + outcome`,
  estimate: (group) => addOutcome(estimate(group), group)
})

/** As `plusOutcome`, of all groups of a batch. */
export const plusOutcomes = ({ name, estimateBatch }: BatchAdvantageEstimator): BatchAdvantageEstimator => ({
  name: `${name} + outcome`,
  estimateBatch: (groups) => estimateBatch(groups).map((own, g) => addOutcome(own, groups[g]!))
})

/**
 * Keeps what an estimator finds better than the group and drops the rest: max(A, 0). The policy is drawn to its good
 * completions and pushed off none, which a small policy survives at larger steps.
 */
export const positivePart = (estimator: AdvantageEstimator): AdvantageEstimator => ({
  name: `positive(${estimator.name})`,
  estimate: (group) => estimator.estimate(group).map((advantages) => advantages.map((a) => Math.max(a, 0)))
})

/**
 * Discounted token-level group-relative advantage.
 *
 * Unit rewards are first standardised over all units of the group, a_{i,k} = (r_{i,k} - m) / (s + 1e-4), and a
 * token of unit k gets the discounted *mean* of the units from its own on,
 *
 *   A_{i,k} = Σ_{j>=k} γ^{j-k} a_{i,j} / Σ_{j>=k} γ^{j-k}.
 *
 * Dividing by the weights keeps early tokens from collecting larger advantages merely because more units follow,
 * and so keeps length from being rewarded (training spec D14); γ = 0 is the unit's own standardised reward.
 *
 * @param gamma in [0, 1]
 * @see specs/31-advantages.md
 */
export const discounted = (gamma: number): AdvantageEstimator => ({
  name: `discounted(γ=${gamma})`,
  estimate: (group) => {
    const all = group.flatMap((r) => r.units)
    const m = mean(all)
    const s = sampleStd(all) + STD_FLOOR
    return group.map((r) => {
      if (r.units.length === 0) return new Float64Array(r.unitOf.length)
      const standardised = r.units.map((x) => (x - m) / s)
      const returns = discountedMeans(standardised, gamma)
      return Float64Array.from(r.unitOf, (k) => returns[k]!)
    })
  }
})
