import { returnsToGo } from "./returnsToGo.ts"
import { mean, STD_FLOOR, sampleStd } from "./statistics.ts"
import type { AdvantageEstimator, UnitRewards } from "./UnitRewards.ts"

export interface TokenReturnOptions {
  /** γ in [0, 1], a token. */
  readonly gamma: number
  /** Weights γ^n below it are dropped: 1e-4 by default, 0 keeps all. */
  readonly smallestWeight?: number
}

/** Reward of each token: that of its unit. */
const overTokens = ({ units, unitOf }: UnitRewards): ReadonlyArray<number> => Array.from(unitOf, (k) => units[k]!)

/** The reward of the last token, which stands for the trace; `undefined` without one. */
const lastReward = ({ units }: UnitRewards): number | undefined => units.at(-1)

/** Returns to go of token rewards after `relative`; tokens of a rollout without a verdict get 0. */
const tokenReturns = (
  { gamma, smallestWeight = 1e-4 }: TokenReturnOptions,
  group: ReadonlyArray<UnitRewards>,
  relative: (reward: number, rollout: number) => number
): ReadonlyArray<Float64Array> =>
  group.map((rollout, i) =>
    lastReward(rollout) === undefined
      ? new Float64Array(rollout.unitOf.length)
      : Float64Array.from(
          returnsToGo(
            overTokens(rollout).map((r) => relative(r, i)),
            gamma,
            smallestWeight
          )
        )
  )

/** The trace rewards R_j of the rollouts that have one. */
const known = (group: ReadonlyArray<UnitRewards>): ReadonlyArray<number> =>
  group.flatMap((rollout) => lastReward(rollout) ?? [])

/**
 * The reference's `discounted_dense`: with R_i the reward of rollout i's last token,
 *
 *   a_{i,t} = (r_{i,t} - mean_group R) / (std_group R + 1e-4),   A_{i,t} = Σ_{k>=t} γ^{k-t} a_{i,k}.
 *
 * A *sum* over tokens: where rewards lie above the baseline, longer completions and earlier tokens get larger
 * advantages (training spec D14). Kept for comparison; `discounted` and `unitRelative` do not.
 */
export const discountedDense = (options: TokenReturnOptions): AdvantageEstimator => ({
  name: `discounted-dense(γ=${options.gamma})`,
  estimate: (group) => {
    const all = known(group)
    const [m, s] = [mean(all), sampleStd(all) + STD_FLOOR]
    // A lone rollout is its own baseline and has no spread to be measured by.
    return tokenReturns(options, group, (r) => (all.length < 2 ? 0 : (r - m) / s))
  }
})

/**
 * Leave-one-out returns (PRIME, Cui et al. 2025, with the trace rewards R_j of the others as the baseline):
 *
 *   a_{i,t} = r_{i,t} - mean_{j≠i} R_j,   A_{i,t} = Σ_{k>=t} γ^{k-t} a_{i,k},
 *
 * R_j being the reward of rollout j's last token. Not scaled. The sum rewards length as in `discountedDense`.
 */
export const leaveOneOut = (options: TokenReturnOptions): AdvantageEstimator => ({
  name: `leave-one-out(γ=${options.gamma})`,
  estimate: (group) => {
    const all = known(group)
    const total = all.reduce((sum, r) => sum + r, 0)
    return tokenReturns(options, group, (r, i) =>
      all.length < 2 ? 0 : r - (total - lastReward(group[i]!)!) / (all.length - 1)
    )
  }
})
