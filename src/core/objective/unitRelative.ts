import { discountedMeans } from "./discountedMeans.ts"
import { STD_FLOOR } from "./statistics.ts"
import type { AdvantageEstimator } from "./UnitRewards.ts"

export interface UnitRelativeOptions {
  /** γ in [0, 1], a unit: 1 looks at all that follows, 0 at the unit alone. */
  readonly gamma: number
  /** Whether differences are divided by their deviation in the group (the default) or left as they are. */
  readonly scale?: "group" | "none"
  /** Added to the deviation, 1e-4 by default. */
  readonly floor?: number
}

type Profile = ReadonlyArray<number>

/** A stretch of relative positions in which no rollout changes its unit. */
interface Cell {
  readonly from: number
  readonly width: number
  /** Mean reward of the rollouts there. */
  readonly baseline: number
  /** Squared distance of the rollouts from it, summed. */
  readonly spread: number
}

/** Cells of the unit interval, cut at k/K_i for every rollout i. Equal fractions are equal doubles. */
const cellsOf = (profiles: ReadonlyArray<Profile>): ReadonlyArray<Cell> => {
  const cuts = new Set(profiles.flatMap((units) => units.map((_, k) => k / units.length)))
  const starts = [...cuts].sort((a, b) => a - b)
  return starts.map((from, c) => {
    const width = (starts[c + 1] ?? 1) - from
    const here = profiles.map((units) => units[Math.floor((from + width / 2) * units.length)]!)
    const baseline = here.reduce((sum, r) => sum + r, 0) / here.length
    return { from, width, baseline, spread: here.reduce((sum, r) => sum + (r - baseline) ** 2, 0) }
  })
}

/** r_{i,k} less the mean baseline of the cells that unit k of K covers. */
const differences = (units: Profile, cells: ReadonlyArray<Cell>): ReadonlyArray<number> => {
  const baselines = new Array<number>(units.length).fill(0)
  for (const { from, width, baseline } of cells) {
    baselines[Math.floor((from + width / 2) * units.length)]! += baseline * width * units.length
  }
  return units.map((r, k) => r - baselines[k]!)
}

/**
 * Unit-relative return: unit rewards against the group's at the same relative position, averaged over what follows.
 *
 * Laid over [0, 1], rollout i with K_i units has the profile p_i(u) = r_{i,⌊u·K_i⌋}, so that long and short rollouts
 * weigh the same. With the baseline b(u) = mean_j p_j(u) and the deviation s² = Σ_i ∫ (p_i - b)² du / (G - 1),
 *
 *   δ_{i,k} = r_{i,k} - mean of b over unit k,   A_{i,k} = (Σ_{j>=k} γ^{j-k} δ_{i,j} / Σ_{j>=k} γ^{j-k}) / (s + floor).
 *
 * A mean, not a sum, of what follows: length is not rewarded, and units of average reward only dilute. At γ = 1 the first
 * unit's advantage is the rollout's mean unit reward less the group's, and cutting the units of a rollout finer changes
 * nothing. Rewards that every trace collects at its end, or loses at its beginning, belong to the position and cancel.
 * Rollouts without units take no part, and a lone rollout gets 0.
 *
 * @see specs/37-unit-relative-returns.md
 */
export const unitRelative = (options: UnitRelativeOptions): AdvantageEstimator => ({
  name: `unit-relative(γ=${options.gamma}${options.scale === "none" ? ", unscaled" : ""})`,
  estimate: (group) => {
    const { gamma, scale, floor = STD_FLOOR } = options
    const profiles = group.flatMap(({ units }) => (units.length === 0 ? [] : [units]))
    const cells = cellsOf(profiles)
    const variance =
      cells.reduce((sum, { spread, width }) => sum + spread * width, 0) / Math.max(1, profiles.length - 1)
    const by = scale === "none" ? 1 : Math.sqrt(variance) + floor
    return group.map(({ units, unitOf }) => {
      const means = discountedMeans(differences(units, cells), gamma)
      return units.length === 0 ? new Float64Array(unitOf.length) : Float64Array.from(unitOf, (k) => means[k]! / by)
    })
  }
})
