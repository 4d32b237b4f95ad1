import fc from "fast-check"
import type { AdvantageEstimator, UnitRewards } from "../objective/index.ts"
import { allClose, close, type Law, law } from "./Law.ts"

/** Rewards of one rollout: units of one to four tokens each. */
const rollout = (fewest: number): fc.Arbitrary<UnitRewards> =>
  fc
    .array(fc.tuple(fc.integer({ min: -40, max: 40 }), fc.integer({ min: 1, max: 4 })), {
      minLength: fewest,
      maxLength: 6
    })
    .map((units) => ({
      units: units.map(([reward]) => reward / 8),
      unitOf: units.flatMap(([, length], k) => Array.from({ length }, () => k))
    }))

/** Groups of two to six rollouts; of some, every unit has a reward, of others a rollout may be empty. */
export const groups: fc.Arbitrary<ReadonlyArray<UnitRewards>> = fc.oneof(
  fc.array(rollout(1), { minLength: 2, maxLength: 6 }),
  fc.array(rollout(0), { minLength: 2, maxLength: 6 })
)

const mapRewards = (group: ReadonlyArray<UnitRewards>, f: (reward: number) => number): ReadonlyArray<UnitRewards> =>
  group.map(({ units, unitOf }) => ({ units: units.map(f), unitOf }))

const agree = (a: ReadonlyArray<Float64Array>, b: ReadonlyArray<Float64Array>): boolean =>
  a.length === b.length && a.every((row, i) => allClose(row, b[i]!, 1e-7))

/** Properties that some estimators have and others do without. */
export interface AdvantageClaims {
  /** Adding one number to all rewards of a group changes nothing; true by default. */
  readonly shiftInvariant?: boolean
  /** The advantages of rollouts, each counted once by its first token, sum to 0; false by default. */
  readonly zeroMeanOfRollouts?: boolean
  /**
   * What rewards times a number above 1 do: nothing but for a small floor under the scale (`invariant`), or multiply
   * the advantages (`proportional`); not looked at by default.
   */
  readonly scale?: "invariant" | "proportional"
  /** Tokens count, each with the reward of its unit, and not units; false by default. */
  readonly ofTokens?: boolean
}

/** Most that a floor of 1e-4 under deviations of rewards in eighths takes off an advantage. */
const FLOOR_SHARE = 0.1

const scales = ({ estimate, name }: AdvantageEstimator, scale: "invariant" | "proportional"): Law =>
  law(
    `${name}: rewards times c have ${scale === "invariant" ? "the same advantages" : "c times the advantages"}`,
    fc.tuple(groups, fc.integer({ min: 2, max: 50 })),
    ([group, c]) => {
      const [once, times] = [estimate(group), estimate(mapRewards(group, (r) => c * r))]
      const [factor, tolerance] = scale === "invariant" ? [1, FLOOR_SHARE] : [c, 1e-9]
      return times.every((row, i) =>
        row.every((a, t) => Math.abs(a - factor * once[i]![t]!) <= tolerance * Math.max(1e-3, Math.abs(a)))
      )
    }
  )

/** What holds of every estimator of advantages within a group, and of this one by its claims. */
export const advantage = (subject: AdvantageEstimator, claims: AdvantageClaims = {}): ReadonlyArray<Law> => {
  const { shiftInvariant = true, zeroMeanOfRollouts = false, scale, ofTokens = false } = claims
  const { estimate, name } = subject
  return [
    law(`${name}: one finite number a token, whatever the rewards`, groups, (group) =>
      estimate(group).every((row, i) => row.length === group[i]!.unitOf.length && row.every((a) => Number.isFinite(a)))
    ),
    law(`${name}: equal rewards give no advantage`, fc.tuple(groups, fc.integer({ min: -5, max: 5 })), ([group, r]) =>
      estimate(mapRewards(group, () => r)).every((row) => row.every((a) => close(a, 0)))
    ),
    law(`${name}: rollouts in another order have their advantages in that order`, groups, (group) =>
      agree(estimate(group.toReversed()), estimate(group).toReversed())
    ),
    ...(shiftInvariant
      ? [
          law(
            `${name}: a reward added to all changes nothing`,
            fc.tuple(groups, fc.integer({ min: -9, max: 9 })),
            ([group, c]) => agree(estimate(mapRewards(group, (r) => r + c)), estimate(group))
          )
        ]
      : []),
    ...(zeroMeanOfRollouts
      ? [
          law(`${name}: the rollouts of a group sum to 0`, groups, (group) =>
            close(
              estimate(group).reduce((sum, row) => sum + (row[0] ?? 0), 0),
              0,
              1e-7
            )
          )
        ]
      : []),
    ...(scale === undefined ? [] : [scales(subject, scale)]),
    ...(ofTokens
      ? [
          law(`${name}: units have the advantages of their tokens, each with the unit's reward`, groups, (group) => {
            const apart = group.map(({ units, unitOf }) => ({
              units: Array.from(unitOf, (k) => units[k]!),
              unitOf: Array.from(unitOf, (_, t) => t)
            }))
            return agree(estimate(group), estimate(apart))
          })
        ]
      : [])
  ]
}
