import { type Measurement, Measurements, type RerankRow } from "../../core/evaluation/index.ts"
import { largestN, type RunSummary } from "./summariseRun.ts"

/** What is said of every table with intervals. */
export const intervals = "95% intervals by bootstrap over prompts"

/** Below this share a run has collapsed: it is grey with a star in every table. */
export const collapsed = 0.2

/** In the place of a run that is not there. */
export const absent: Measurement = Measurements.notAvailable("no such run")

/** A column of shares, and one of names. */
export const percent = (key: string, label: string) => ({ key, label, format: "percent" as const })
export const text = (key: string, label = key) => ({ key, label, format: "number" as const })
export const integer = (key: string, label = key) => ({ key, label, format: "integer" as const })

/** A reranker of a run, at the largest n unless another is asked for. */
export const rerankOf = (run: RunSummary, name: string, n = largestN(run)): RerankRow | undefined =>
  run.reranking.find((row) => row.reranker === name && row.n === n)

/** What the reward's pick gains over the expected random one. */
export const gainOf = (run: RunSummary | undefined): Measurement =>
  (run === undefined ? undefined : rerankOf(run, "reward"))?.gain ?? absent

/** Runs by label and domain. */
export interface Grid {
  readonly domains: ReadonlyArray<string>
  readonly labels: ReadonlyArray<string>
  readonly at: (label: string, domain: string) => RunSummary | undefined
}

export const gridOf = (runs: ReadonlyArray<RunSummary>): Grid => ({
  domains: [...new Set(runs.map(({ domain }) => domain))],
  labels: [...new Set(runs.map(({ label }) => label))],
  at: (label, domain) => runs.find((run) => run.label === label && run.domain === domain)
})
