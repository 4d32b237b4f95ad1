import {
  bestOfNPerPrompt,
  differenceOverPrompts,
  type Measurement,
  Measurements,
  Rerankers,
  type RerankRow,
  Resamplings,
  type ScoredPool,
  Selectors,
  successAtK
} from "../../core/evaluation/index.ts"
import type { PromptPool } from "../../core/result/index.ts"
import type { MethodName } from "./Job.ts"
import type { MethodResults } from "./readMethod.ts"
import { traceSelectors } from "./traceSelectors.ts"

/** What a run is: its results by method, and where it is looked at. */
export interface RunFiles {
  readonly label: string
  /** Name of the selector. */
  readonly selector: string
  readonly methods: Readonly<Partial<Record<MethodName, MethodResults>>>
  readonly ks: ReadonlyArray<number>
  readonly ns: ReadonlyArray<number>
}

/** A selector as half of the prompts order it, and as it does on the other half. */
export interface SelectorRow {
  readonly selector: string
  readonly validation: Measurement
  readonly test: Measurement
  /** To the discounted mean, paired, on the other half; none for itself. */
  readonly difference: Measurement | null
}

/** What every figure and table of a run is made from; what takes long is measured once. */
export interface RunResults extends RunFiles {
  /** Every n that was asked for and that the largest prompt has, by every reranker. */
  readonly reranking: ReadonlyArray<RerankRow>
  /** At the largest of these n, best on the ordering half first. */
  readonly selectors: ReadonlyArray<SelectorRow>
}

const { standard } = Resamplings

/** Completions with one of their scores; empty where no completion has it. */
export const scored = (pools: ReadonlyArray<PromptPool>, name: string): ReadonlyArray<ScoredPool> =>
  pools.flatMap(({ correct, scores }) => {
    const own = scores[name]
    return own === undefined ? [] : [{ correct, scores: own }]
  })

/** The largest pool: no metric at a larger k or n is shown. */
export const mostGenerations = (pools: ReadonlyArray<PromptPool>): number =>
  pools.reduce((n, { correct }) => Math.max(n, correct.length), 0)

/** The selector that others are compared with. */
export const usualSelector = Selectors.named("discounted")!.name

/**
 * Selectors compared where none was chosen: they are ordered by the prompts of even place, and what is claimed of them
 * is measured on those of odd place.
 */
const selectorRows = (pools: ReadonlyArray<PromptPool>, n: number): ReadonlyArray<SelectorRow> => {
  const half = (parity: number, name: string): ReadonlyArray<ScoredPool> =>
    scored(
      pools.filter((_, i) => i % 2 === parity),
      `selector:${name}`
    )
  const usual = half(1, usualSelector)
  const base = bestOfNPerPrompt(usual, n)
  // A selector of the answer's tokens has no score where rows do not say where their tokens are.
  const against = (own: ReadonlyArray<ScoredPool>) =>
    own.length === usual.length
      ? differenceOverPrompts(bestOfNPerPrompt(own, n), base, standard)
      : Measurements.notAvailable("no completion has this score")
  return traceSelectors
    .map(
      ({ name }): SelectorRow => ({
        selector: name,
        validation: successAtK(half(0, name), 1, n, standard),
        test: successAtK(half(1, name), 1, n, standard),
        difference: name === usualSelector ? null : against(half(1, name))
      })
    )
    .toSorted((a, b) => (Measurements.value(b.validation) ?? -1) - (Measurements.value(a.validation) ?? -1))
}

/** A run with what is measured once. */
export const make = (run: RunFiles): RunResults => {
  const pools = run.methods.airl?.pools ?? []
  const ns = run.ns.filter((n) => n <= mostGenerations(pools))
  return {
    ...run,
    ns,
    reranking: Rerankers.curve(pools, Rerankers.standard, ns, standard),
    selectors: ns.length === 0 ? [] : selectorRows(pools, Math.max(...ns))
  }
}
