import { Effect } from "effect"
import { type Measurement, meanOverPrompts, type Resampling, Resamplings } from "../evaluation/index.ts"
import { Perturbations } from "../reward/index.ts"
import * as Changes from "./Change.ts"
import type { TextTrace, TraceScorer } from "./TraceScorer.ts"

/** One trace that a change was made to, whose score did not do what it should. */
export interface Failure {
  readonly promptId: string
  readonly before: number
  readonly after: number
  /** The changed completion. */
  readonly completion: string
}

/** What a scorer did about one change. */
export interface ChangeResult {
  readonly change: string
  readonly expected: Changes.Change["expected"]
  /** Traces that were changed and have a score before and after. */
  readonly n: number
  /** Traces in which there was nothing to change, or nothing that the scorer can read. */
  readonly unchanged: number
  /** Changed traces without a finite score on one side. */
  readonly unscored: number
  /** Those whose score did not fall, or moved where it should not. */
  readonly failed: number
  /** Share that did what it should. */
  readonly kept: Measurement
  /** Mean of after - before, in the scorer's unit. */
  readonly meanChange: Measurement
  /** The first failures. */
  readonly failures: ReadonlyArray<Failure>
}

/** What a scorer did about a suite. */
export interface SuiteResult {
  readonly scorer: string
  readonly traces: number
  /** A score moves where it changes by more: `tolerance` standard deviations of the unchanged traces' scores. */
  readonly moves: number
  /** Traces whose score depends on what is scored beside them, or on how often: a scorer has none. */
  readonly unstable: number
  readonly changes: ReadonlyArray<ChangeResult>
}

export interface SuiteOptions<E, R> {
  readonly scorer: TraceScorer<E, R>
  /** Good traces: changes that make a bad one worse say little. */
  readonly traces: ReadonlyArray<TextTrace>
  readonly changes?: ReadonlyArray<Changes.Change>
  readonly seed?: number
  /** In standard deviations, 0.1 by default. */
  readonly tolerance?: number
  /** Failures that are shown of each change, 3 by default. */
  readonly shown?: number
  readonly resampling?: Resampling
}

const deviation = (xs: ReadonlyArray<number>): number => {
  const mean = xs.reduce((a, b) => a + b, 0) / Math.max(1, xs.length)
  return Math.sqrt(xs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, xs.length))
}

/** Rounding that a batch of another size may bring, as a share of the scores' size. */
const ROUNDING = 1e-3

/** One value a prompt: the mean over its traces. */
const perPrompt = (found: ReadonlyArray<{ readonly promptId: string; readonly value: number }>) =>
  [...Map.groupBy(found, ({ promptId }) => promptId).values()].map(
    (group) => group.reduce((sum, { value }) => sum + value, 0) / group.length
  )

/**
 * Changes good traces in ways whose effect is known, and sees whether the scorer follows: a trace that lost a step, has
 * its steps shuffled, one twice, or a wrong number should score lower; filler and white space should not matter.
 *
 * Changes are drawn from `seed/suite/<trace>/<change>`. Intervals are over prompts.
 *
 * @see specs/62-evaluation-runs.md
 */
export const runSuite = <E, R>(options: SuiteOptions<E, R>): Effect.Effect<SuiteResult, E, R> =>
  Effect.gen(function* () {
    const { scorer, traces, changes = Changes.standard, seed = 42, tolerance = 0.1, shown = 3 } = options
    const { resampling = Resamplings.standard } = options
    const before = yield* scorer.score(traces)
    const again = (yield* scorer.score(traces.toReversed())).toReversed()
    const finite = before.filter(Number.isFinite)
    const [sigma, size] = [deviation(finite), finite.reduce((n, x) => Math.max(n, Math.abs(x)), 0)]
    const moves = Math.max(tolerance * sigma, ROUNDING * size)
    const unstable = before.filter((x, i) => Number.isFinite(x) && !(Math.abs(x - again[i]!) <= ROUNDING * size)).length

    const one = Effect.fnUntraced(function* ({ perturbation, expected }: Changes.Change) {
      const { name } = perturbation
      const made = traces.flatMap((trace, i) => {
        const changed = Perturbations.perturb(perturbation, trace.completion, `${seed}/suite/${i}/${name}`, {
          accept: scorer.reads ?? (() => true)
        })
        return changed._tag === "Unchanged" ? [] : [{ i, trace: { ...trace, completion: changed.text } }]
      })
      const after = made.length === 0 ? [] : yield* scorer.score(made.map(({ trace }) => trace))
      const pairs = made.flatMap(({ i, trace }, k) => {
        const [x, y] = [before[i]!, after[k]!]
        if (!Number.isFinite(x) || !Number.isFinite(y)) return []
        const kept = expected === "fall" ? y < x : Math.abs(y - x) <= moves
        return [{ promptId: trace.promptId, completion: trace.completion, before: x, after: y, kept }]
      })
      const failures = pairs.filter(({ kept }) => !kept)
      const none = "no trace could be changed and scored"
      const mean = (value: (pair: (typeof pairs)[number]) => number, range?: readonly [number, number]) =>
        meanOverPrompts(
          perPrompt(pairs.map((pair) => ({ promptId: pair.promptId, value: value(pair) }))),
          resampling,
          none,
          range
        )
      return {
        change: name,
        expected,
        n: pairs.length,
        unchanged: traces.length - made.length,
        unscored: made.length - pairs.length,
        failed: failures.length,
        kept: mean(({ kept }) => (kept ? 1 : 0)),
        meanChange: mean(({ before, after }) => after - before, [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]),
        failures: failures.slice(0, shown).map(({ kept: _, ...failure }) => failure)
      } satisfies ChangeResult
    })
    return { scorer: scorer.name, traces: traces.length, moves, unstable, changes: yield* Effect.forEach(changes, one) }
  })
