/**
 * The rewards of one rollout: one number a unit, and for each completion token the unit it belongs to.
 */
export interface UnitRewards {
  /** Reward of each unit, in order, in logits. */
  readonly units: ReadonlyArray<number>
  /** Unit index of each completion token, non-decreasing; empty for an empty completion. */
  readonly unitOf: ReadonlyArray<number> | Int32Array
}

/**
 * From the rewards of the G rollouts of one prompt to one advantage a token.
 *
 * A value of this type is all that tells one advantage estimator from another.
 */
export interface AdvantageEstimator {
  readonly name: string
  readonly estimate: (group: ReadonlyArray<UnitRewards>) => ReadonlyArray<Float64Array>
}

/** Added to a standard deviation before dividing by it: groups of equal rewards give zero advantage. */
const STD_FLOOR = 1e-4

const mean = (xs: ReadonlyArray<number>): number => (xs.length === 0 ? 0 : xs.reduce((s, x) => s + x, 0) / xs.length)

const sampleStd = (xs: ReadonlyArray<number>): number => {
  if (xs.length < 2) return 0
  const m = mean(xs)
  return Math.sqrt(xs.reduce((s, x) => s + (x - m) ** 2, 0) / (xs.length - 1))
}

const standardised = (xs: ReadonlyArray<number>, floor: number): ReadonlyArray<number> => {
  const m = mean(xs)
  const s = sampleStd(xs) + floor
  return xs.map((x) => (x - m) / s)
}

export interface GroupRelativeOptions {
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

/**
 * Sequence-level group-relative advantage: the trace reward r_i = select(unit rewards), then
 *
 *   A_i = (r_i - mean_group r) / (std_group r + floor),   std unbiased,
 *
 * the same for every token of the rollout. A rollout without units takes no part: its tokens, if any, get 0.
 */
export const groupRelative = (options: GroupRelativeOptions = {}): AdvantageEstimator => {
  const { select = mean, selector = "mean", floor = STD_FLOOR } = options
  return {
    name: `group-relative(${selector}${floor === STD_FLOOR ? "" : `, floor=${floor}`})`,
    estimate: (group) => {
      const present = group.flatMap((r, i) => (r.units.length === 0 ? [] : [i]))
      const scaled = standardised(
        present.map((i) => select(group[i]!.units)),
        floor
      )
      const byRollout = new Map(present.map((i, k) => [i, scaled[k]!]))
      return group.map((r, i) => new Float64Array(r.unitOf.length).fill(byRollout.get(i) ?? 0))
    }
  }
}

/**
 * Keeps what an estimator finds better than the group and drops the rest: max(A, 0). The policy is drawn to its good
 * completions and pushed off none, which a small policy survives at larger steps.
 */
export const positivePart = (estimator: AdvantageEstimator): AdvantageEstimator => ({
  name: `positive(${estimator.name})`,
  estimate: (group) => estimator.estimate(group).map((advantages) => advantages.map((a) => Math.max(a, 0)))
})

/**
 * Discounted returns to go over units, G_k = r_k + γ·G_{k+1}, by the backward recurrence.
 *
 * @param gamma in [0, 1]
 */
export const returnsToGo = (rewards: ReadonlyArray<number>, gamma: number): ReadonlyArray<number> => {
  const out = new Array<number>(rewards.length)
  let next = 0
  for (let k = rewards.length - 1; k >= 0; k--) {
    next = rewards[k]! + gamma * next
    out[k] = next
  }
  return out
}

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
      const returns = returnsToGo(
        r.units.map((x) => (x - m) / s),
        gamma
      )
      const weights = returnsToGo(
        r.units.map(() => 1),
        gamma
      )
      return Float64Array.from(r.unitOf, (k) => returns[k]! / weights[k]!)
    })
  }
})
