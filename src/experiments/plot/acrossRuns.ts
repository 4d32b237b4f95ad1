import { type Measurement, Measurements } from "../../core/evaluation/index.ts"
import type { Cell, Table } from "../../core/figure/index.ts"
import { passAt1Tables } from "./passAt1Tables.ts"
import { ablation, calibration } from "./qualityTables.ts"
import { baselinesAll, baselinesCompact, rerankingLong, selectorsLong } from "./rerankingTables.ts"
import { absent, collapsed, gainOf, gridOf, intervals, percent, rerankOf, text } from "./runGrid.ts"
import type { RunSummary } from "./summariseRun.ts"

export { collapsed }

/** Mean of differences over data sets; its interval is that of independent data sets. */
export const meanOf = (values: ReadonlyArray<Measurement>): Measurement => {
  const found = values.filter(Measurements.isEstimate)
  if (found.length < values.length || found.length === 0)
    return Measurements.notAvailable(`${values.length - found.length} of ${values.length} data sets missing`)
  const mean = found.reduce((sum, { value }) => sum + value, 0) / found.length
  const half = Math.sqrt(found.reduce((sum, { ci95 }) => sum + ((ci95[1] - ci95[0]) / 2) ** 2, 0)) / found.length
  return Measurements.estimate(
    mean,
    [mean - half, mean + half],
    found.reduce((sum, { n }) => sum + n, 0)
  )
}

const rerankingMain = (runs: ReadonlyArray<RunSummary>): Table => {
  const grid = gridOf(runs)
  return {
    id: "reranking_results_main",
    title: "Reranking by the reward",
    caption: `Best-of-n by the reward against the expected random pick of the same completions, and the paired difference Δ; mean Δ over data sets; ${intervals}.`,
    columns: [
      text("run"),
      ...grid.domains.flatMap((domain) => [
        percent(`${domain}_random`, `${domain} random`),
        percent(`${domain}_reward`, `${domain} reward`),
        { key: `${domain}_gain`, label: `${domain} Δ (pp)`, format: "points" as const }
      ]),
      { key: "mean_gain", label: "mean Δ (pp)", format: "points" }
    ],
    rows: grid.labels.map((label) => {
      const own = grid.domains.map((domain) => grid.at(label, domain))
      const gains = own.map(gainOf)
      return [
        label,
        ...own.flatMap((run, d): ReadonlyArray<Cell> => {
          if (run === undefined) return [absent, absent, absent]
          return [rerankOf(run, "random")?.accuracy ?? absent, rerankOf(run, "reward")?.accuracy ?? absent, gains[d]!]
        }),
        meanOf(gains)
      ]
    })
  }
}

/** Tables over all runs of one mode. Runs and columns meet by name, and a run that is not there says so. */
export const acrossRuns = (runs: ReadonlyArray<RunSummary>): ReadonlyArray<Table> => {
  if (runs.length === 0) return []
  const provenance = Object.fromEntries(
    runs.map((run) => [`${run.domain}/${run.label}`, { selector: run.selector, ...structured(run.provenance) }])
  )
  return [
    ...passAt1Tables(runs),
    rerankingMain(runs),
    baselinesAll(runs),
    baselinesCompact(runs),
    rerankingLong(runs),
    selectorsLong(runs),
    calibration(runs),
    ablation(runs)
  ].map((table) => ({ ...table, provenance }))
}

const structured = (provenance: RunSummary["provenance"]) =>
  Object.fromEntries(Object.entries(provenance).map(([method, own]) => [method, { ...own }]))
