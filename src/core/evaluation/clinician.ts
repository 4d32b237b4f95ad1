import { Rng } from "../tensor/index.ts"
import { aboveChance } from "./aboveChance.ts"
import { estimate, type Measurement, notAvailable } from "./Measurement.ts"
import * as Ranking from "./Ranking.ts"
import { quantile, type Resampling } from "./Resampling.ts"
import type { TokenSpan } from "./Selector.ts"

/** A person's judgement of a trace: its first wrong step, or that none is clear, or that only the answer is wrong. */
export type StepLabel =
  | { readonly _tag: "Step"; readonly step: number }
  | { readonly _tag: "NoClearError" }
  | { readonly _tag: "AnswerOnly" }

/** A trace that a person judged. */
export interface JudgedCase {
  readonly caseId: string
  /** Cases are drawn within those of one person. */
  readonly expert: string
  readonly label: StepLabel
  /** Tokens of each visible step, in order. */
  readonly steps: ReadonlyArray<TokenSpan>
  /** By detector: the suspicion of moving to each token, e.g. s_{t-1} - s_t for a reward, not clamped. */
  readonly transitions: Readonly<Record<string, ReadonlyArray<number>>>
}

/** The step that a token lies in, else the nearest one; the earlier of two. */
export const stepOfToken = (steps: ReadonlyArray<TokenSpan>, t: number): number => {
  const away = ({ start, end }: TokenSpan): number => Math.max(start - t, t - (end - 1), 0)
  const distances = steps.map(away)
  return distances.indexOf(Math.min(...distances))
}

/** The step that a label means: those without one are taken as the last, and best told apart. */
export const labelledStep = ({ label, steps }: JudgedCase): number =>
  label._tag === "Step" ? label.step : steps.length - 1

/** Probability that the largest transition between the first and the last step leads within `off` of the label. */
export const stepHit = (one: JudgedCase, detector: string, off: number): number => {
  const [from, to] = [one.steps[0]?.start ?? 0, one.steps.at(-1)?.end ?? 0]
  const target = labelledStep(one)
  const top = Ranking.blocks((one.transitions[detector] ?? []).slice(from, to))[0] ?? []
  const hits = top.filter((i) => Math.abs(stepOfToken(one.steps, from + i) - target) <= off).length
  return top.length === 0 ? 0 : hits / top.length
}

/** The hit of a random step: |{s : |s - label| <= off}| / S. */
export const stepChance = (one: JudgedCase, off: number): number => {
  const target = labelledStep(one)
  return one.steps.filter((_, s) => Math.abs(s - target) <= off).length / one.steps.length
}

/** A detector's accuracy on a subset of the cases. */
export interface StepAccuracy {
  readonly detector: string
  /** `labelled`: a wrong step was named; `unlabelled`: none was, and the last is taken for it. */
  readonly subset: "all" | "labelled" | "unlabelled"
  readonly off: number
  readonly hit: Measurement
  readonly chance: number | undefined
  readonly normalised: Measurement
  readonly cases: number
}

/** 20 000 draws with seed 13. */
export const standard: Resampling = { seed: 13, draws: 20_000 }

/** Mean over cases; a draw takes as many cases of each expert as that expert judged. */
const meanByExpert = (cases: ReadonlyArray<JudgedCase>, values: ReadonlyArray<number>, { seed, draws }: Resampling) => {
  const n = cases.length
  if (n === 0) return notAvailable("no cases")
  const strata = [...Map.groupBy(cases.keys(), (i) => cases[i]!.expert).values()]
  const rng = Rng.make(seed, "experts", n)
  const means = new Float64Array(draws)
  for (let draw = 0; draw < draws; draw++) {
    let sum = 0
    for (const members of strata)
      for (let i = 0; i < members.length; i++) sum += values[members[Rng.int(rng, members.length)]!]!
    means[draw] = sum / n
  }
  means.sort()
  const mean = values.reduce((a, b) => a + b, 0) / n
  return estimate(mean, n === 1 ? [0, 1] : [quantile(means, 0.025), quantile(means, 0.975)], n)
}

/** Every detector on all cases, on those with a named step, and on those without, exactly and one step off. */
export const stepAccuracy = (
  cases: ReadonlyArray<JudgedCase>,
  detectors: ReadonlyArray<string>,
  resampling: Resampling = standard
): ReadonlyArray<StepAccuracy> => {
  // One common set: a case that a detector has no transitions for is for none.
  const common = cases.filter((c) => c.steps.length > 0 && detectors.every((d) => c.transitions[d] !== undefined))
  const subsets = {
    all: common,
    labelled: common.filter(({ label }) => label._tag === "Step"),
    unlabelled: common.filter(({ label }) => label._tag !== "Step")
  } as const
  return detectors.flatMap((detector) =>
    (["all", "labelled", "unlabelled"] as const).flatMap((subset) =>
      [0, 1].map((off): StepAccuracy => {
        const own = subsets[subset]
        const hits = own.map((c) => stepHit(c, detector, off))
        const chances = own.map((c) => stepChance(c, off))
        const columns = [
          Float64Array.from(hits),
          Float64Array.from(chances),
          new Float64Array(own.length).fill(1)
        ] as const
        return {
          detector,
          subset,
          off,
          hit: meanByExpert(own, hits, resampling),
          chance: own.length === 0 ? undefined : chances.reduce((a, b) => a + b, 0) / own.length,
          normalised: aboveChance(
            columns,
            { resampling: { ...resampling, draws: 1000 }, unavailable: "no cases" },
            "chance is 1"
          ),
          cases: own.length
        }
      })
    )
  )
}
