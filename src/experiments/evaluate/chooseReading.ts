import { aurocOf, Localisation, type Selector, Selectors } from "../../core/evaluation/index.ts"
import * as Readings from "./Reading.ts"

/** A held-out demonstration, and a wrong version of it whose first wrong step is known because it was put there. */
export interface PerturbedTrace {
  /** Unit rewards of the demonstration. */
  readonly demonstration: ReadonlyArray<number>
  /** Unit rewards of the perturbed version. */
  readonly perturbed: ReadonlyArray<number>
  /** Token rewards of each step of the perturbed version, and the step of the change. */
  readonly steps: ReadonlyArray<ReadonlyArray<number>>
  readonly changedStep: number
}

const mean = (xs: ReadonlyArray<number>): number => xs.reduce((s, x) => s + x, 0) / Math.max(1, xs.length)

const best = <A>(candidates: ReadonlyArray<A>, value: (candidate: A) => number): A =>
  candidates.reduce((a, b) => (value(b) > value(a) ? b : a))

/** Share of pairs in which the demonstration outscores its perturbed version, ties counting half. */
export const pairwise = (traces: ReadonlyArray<PerturbedTrace>, { select }: Selector): number =>
  mean(
    traces.map(
      ({ demonstration, perturbed }) =>
        aurocOf({ correct: [true, false], scores: [select(demonstration), select(perturbed)] }) ?? 0.5
    )
  )

const hits = (traces: ReadonlyArray<PerturbedTrace>, step: Selector, detector: Readings.Detector): number =>
  mean(
    traces.map(({ steps, changedStep }) =>
      Localisation.hitAt1OfRow(detector.suspicion(steps.map(step.select)), changedStep)
    )
  )

/**
 * How to read a reward, chosen on perturbed held-out demonstrations alone: no answer of any policy is looked at. The
 * first candidate wins ties.
 */
export const chooseReading = (traces: ReadonlyArray<PerturbedTrace>): Readings.Reading => {
  const level = mean(traces.flatMap(({ demonstration }) => demonstration))
  const trace = best([Selectors.mean, Selectors.min, Selectors.last, Selectors.tail3], (s) => pairwise(traces, s))
  const pairs = [Selectors.last, Selectors.mean, Selectors.min].flatMap((step) =>
    [Readings.lowest, Readings.fall(level), Readings.firstLow].map((detector) => ({ step, detector }))
  )
  const { step, detector } = best(pairs, (pair) => hits(traces, pair.step, pair.detector))
  return { trace, step, detector }
}
