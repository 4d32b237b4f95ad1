import { type Cell, rerankerLabel, type Table, TableFiles } from "../../core/figure/index.ts"
import { usualSelector } from "./RunResults.ts"
import { absent, collapsed, integer, intervals, percent, rerankOf, text } from "./runGrid.ts"
import { largestN, type RunSummary } from "./summariseRun.ts"

const rerankers = ["random", "logProb", "majority", "reward", "weightedMajority", "oracle"]
const ofRun = [text("domain"), text("run")]
const subsets = "over all subsets of n, ties by expectation"
const oracle = "The oracle picks a correct completion where there is one."

const nsOf = (runs: ReadonlyArray<RunSummary>): ReadonlyArray<number> =>
  [...new Set(runs.flatMap(({ reranking }) => reranking.map(({ n }) => n)))].sort((a, b) => a - b)

/** Every reranker at the largest n of each run, side by side. */
export const baselinesAll = (runs: ReadonlyArray<RunSummary>): Table =>
  TableFiles.ranked(
    {
      id: "results_reranking_baselines_all",
      title: "Rerankers",
      caption: `Best-of-n by every reranker, n beside the run, ${subsets}; ${intervals}. ${oracle}`,
      columns: [...ofRun, integer("n"), ...rerankers.map((name) => percent(name, rerankerLabel(name)))],
      rows: runs.map((run) => [
        ...[run.domain, run.label, largestN(run)],
        ...rerankers.map((name) => rerankOf(run, name)?.accuracy ?? absent)
      ])
    },
    { columns: rerankers.filter((name) => name !== "oracle"), within: "row", floor: collapsed }
  )

const lineOf = (run: RunSummary, name: string): ReadonlyArray<Cell> => [run.domain, run.label, rerankerLabel(name)]

/** One line a run and reranker, one column an n; an n that a run does not have stays empty. */
export const baselinesCompact = (runs: ReadonlyArray<RunSummary>): Table => {
  const ns = nsOf(runs)
  return {
    id: "results_reranking_baselines_compact",
    title: "Rerankers by n",
    caption: `Best-of-n by every reranker, ${subsets}; the random pick is that of the same completions at every n; ${intervals}. ${oracle}`,
    columns: [...ofRun, text("reranker"), ...ns.map((n) => percent(`n${n}`, `n = ${n}`))],
    rows: runs.flatMap((run) =>
      rerankers.map((name) => [...lineOf(run, name), ...ns.map((n) => rerankOf(run, name, n)?.accuracy ?? null)])
    )
  }
}

/** One line a run, reranker and n, with the difference to the random pick. */
export const rerankingLong = (runs: ReadonlyArray<RunSummary>): Table => ({
  id: "results_reranking_long",
  title: "Rerankers, line by line",
  caption: `Best-of-n by every reranker, and its paired difference Δ to the expected random pick of the same completions, ${subsets}; unscored: completions that the reranker had no score for, ranked last; ${intervals}. ${oracle}`,
  columns: [
    ...[...ofRun, text("reranker"), integer("n"), percent("accuracy", "best-of-n")],
    ...[{ key: "gain", label: "Δ (pp)", format: "points" as const }, integer("unscored")]
  ],
  rows: runs.flatMap((run) =>
    run.reranking.map(({ reranker, n, accuracy, gain, nonFinite }) => [
      ...lineOf(run, reranker),
      ...[n, accuracy, reranker === "random" ? null : gain, nonFinite]
    ])
  )
})

/** Selectors of every run, each ordered by one half of its prompts and measured on the other. */
export const selectorsLong = (runs: ReadonlyArray<RunSummary>): Table => ({
  id: "results_reranking_selector_variants_long",
  title: "Selectors, line by line",
  caption: `Best-of-n by selector, n beside the run, ordered by the validation half of each run's prompts; differences to ${usualSelector} are paired, on the other half; ${intervals}.`,
  columns: [
    ...[...ofRun, integer("n"), text("selector"), percent("validation", "validation half")],
    ...[percent("test", "test half"), { key: "difference", label: "Δ (pp), test half", format: "points" as const }]
  ],
  rows: runs.flatMap((run) =>
    run.selectors.map(({ selector, validation, test, difference }) => [
      ...[run.domain, run.label, largestN(run), selector],
      ...[validation, test, difference]
    ])
  )
})
