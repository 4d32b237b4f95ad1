import { type Measurement, Measurements } from "../../core/evaluation/index.ts"
import { type Cell, rerankerLabel, type Table, TableFiles } from "../../core/figure/index.ts"
import { methodLabels } from "./mainDrawings.ts"
import type { RunSummary } from "./summariseRun.ts"

const intervals = "95% intervals by bootstrap over prompts"
/** Below this share a run has collapsed: it is grey with a star in every table. */
export const collapsed = 0.2

const percent = "percent" as const
const text = (key: string, label = key) => ({ key, label, format: "number" as const })

const rerankOf = (run: RunSummary, name: string) => run.reranking.rows.find(({ reranker }) => reranker === name)

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

interface Grid {
  readonly domains: ReadonlyArray<string>
  readonly labels: ReadonlyArray<string>
  readonly at: (label: string, domain: string) => RunSummary | undefined
}

const gridOf = (runs: ReadonlyArray<RunSummary>): Grid => ({
  domains: [...new Set(runs.map(({ domain }) => domain))],
  labels: [...new Set(runs.map(({ label }) => label))],
  at: (label, domain) => runs.find((run) => run.label === label && run.domain === domain)
})

const absent: Measurement = Measurements.notAvailable("no such run")

const passAt1Table = (grid: Grid): Table => {
  const cells = (label: string, method: "sft" | "grpo" | "airl"): ReadonlyArray<Cell> => [
    `${label}: ${methodLabels[method]}`,
    ...grid.domains.map((domain) => grid.at(label, domain)?.passAt1[method] ?? absent)
  ]
  return TableFiles.ranked(
    {
      id: "results_pass_at_1",
      title: "pass@1",
      caption: `Share of completions that are correct, by method and data set; ${intervals}.`,
      columns: [text("run"), ...grid.domains.map((domain) => ({ key: domain, label: domain, format: percent }))],
      rows: grid.labels.flatMap((label) => {
        const known = (["sft", "grpo", "airl"] as const).filter((method) =>
          grid.domains.some((domain) => grid.at(label, domain)?.passAt1[method] !== undefined)
        )
        return known.map((method) => cells(label, method))
      })
    },
    { columns: grid.domains, within: "column", floor: collapsed }
  )
}

const rerankingMain = (grid: Grid): Table => ({
  id: "reranking_results_main",
  title: "Reranking by the reward",
  caption: `Best-of-n by the reward against the expected random pick of the same completions, and the paired difference Δ; mean Δ over data sets; ${intervals}.`,
  columns: [
    text("run"),
    ...grid.domains.flatMap((domain) => [
      { key: `${domain}_random`, label: `${domain} random`, format: percent },
      { key: `${domain}_reward`, label: `${domain} reward`, format: percent },
      { key: `${domain}_gain`, label: `${domain} Δ (pp)`, format: "points" as const }
    ]),
    { key: "mean_gain", label: "mean Δ (pp)", format: "points" }
  ],
  rows: grid.labels.map((label) => {
    const runs = grid.domains.map((domain) => grid.at(label, domain))
    const gains = runs.map((run) => (run === undefined ? absent : (rerankOf(run, "reward")?.gain ?? absent)))
    return [
      label,
      ...runs.flatMap((run, d): ReadonlyArray<Cell> => {
        if (run === undefined) return [absent, absent, absent]
        return [rerankOf(run, "random")?.accuracy ?? absent, rerankOf(run, "reward")?.accuracy ?? absent, gains[d]!]
      }),
      meanOf(gains)
    ]
  })
})

const baselines = ["random", "logProb", "majority", "reward", "weightedMajority", "oracle"]

const rerankingBaselines = (runs: ReadonlyArray<RunSummary>): Table =>
  TableFiles.ranked(
    {
      id: "results_reranking_baselines_all",
      title: "Rerankers",
      caption: `Best-of-n by every reranker, n beside the run, over all subsets of n; ${intervals}. The oracle picks a correct completion where there is one.`,
      columns: [
        text("domain"),
        text("run"),
        { key: "n", label: "n", format: "integer" },
        ...baselines.map((key) => ({ key, label: rerankerLabel(key), format: percent }))
      ],
      rows: runs.map((run) => [
        run.domain,
        run.label,
        run.reranking.n,
        ...baselines.map((name) => rerankOf(run, name)?.accuracy ?? absent)
      ])
    },
    { columns: baselines.filter((name) => name !== "oracle"), within: "row", floor: collapsed }
  )

const ablation = (runs: ReadonlyArray<RunSummary>): Table =>
  TableFiles.ranked(
    {
      id: "ablation_results",
      title: "Runs side by side",
      caption: `pass@1 of the policy, gain Δ of reranking by its reward, AUROC over all completions and within prompts, calibration error after Platt scaling on the other half of the prompts; ${intervals}.`,
      columns: [
        text("domain"),
        text("run"),
        { key: "pass1", label: "pass@1", format: percent },
        { key: "gain", label: "Δ rerank (pp)", format: "points" },
        { key: "auroc", label: "AUROC", format: percent },
        { key: "within", label: "AUROC within", format: percent },
        { key: "ece", label: "ECE", format: percent }
      ],
      rows: runs.map((run) => [
        run.domain,
        run.label,
        run.passAt1.airl ?? absent,
        rerankOf(run, "reward")?.gain ?? absent,
        run.auroc,
        run.aurocWithinPrompt,
        run.calibrationError
      ])
    },
    { columns: ["pass1"], within: "nothing", floor: collapsed }
  )

/** Tables over all runs of one mode. Runs and columns meet by name, and a run that is not there says so. */
export const acrossRuns = (runs: ReadonlyArray<RunSummary>): ReadonlyArray<Table> => {
  if (runs.length === 0) return []
  const grid = gridOf(runs)
  const provenance = Object.fromEntries(
    runs.map((run) => [`${run.domain}/${run.label}`, { selector: run.selector, ...structured(run.provenance) }])
  )
  return [passAt1Table(grid), rerankingMain(grid), rerankingBaselines(runs), ablation(runs)].map((table) => ({
    ...table,
    provenance
  }))
}

const structured = (provenance: RunSummary["provenance"]) =>
  Object.fromEntries(Object.entries(provenance).map(([method, own]) => [method, { ...own }]))
