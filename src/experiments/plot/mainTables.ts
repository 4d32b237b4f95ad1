import {
  aurocPooled,
  aurocWithinPrompt,
  brierScore,
  crossCalibrate,
  expectedCalibrationError,
  type Measurement,
  Measurements,
  passAtK,
  platt,
  Resamplings,
  successAtK,
  weightedPassAtK
} from "../../core/evaluation/index.ts"
import { type Cell, type Table, TableFiles } from "../../core/figure/index.ts"
import type { PromptPool } from "../../core/result/index.ts"
import { categoryTables } from "./categoryTables.ts"
import { methodLabels, usualKs } from "./mainDrawings.ts"
import { atKs, keyAt, type PerK, within } from "./perK.ts"
import { mostGenerations, type RunResults, scored, usualSelector } from "./RunResults.ts"
import { intervals, percent, text } from "./runGrid.ts"
import { variationTable } from "./variationTable.ts"

const { standard } = Resamplings
const named = text("method")

const byMethod = (run: RunResults, of: Pick<Table, "id" | "title" | "caption">, metric: PerK): Table => {
  const rows = (["grpo", "airl", "sft"] as const).flatMap((method) => {
    const own = run.methods[method]
    if (own === undefined) return []
    const most = mostGenerations(own.pools)
    return [[methodLabels[method], ...usualKs.map((k) => within(k, most, () => metric(own.pools, k)))]]
  })
  const table = { ...of, columns: [named, ...atKs(usualKs)], rows }
  const apart = { isApart: ([name]: ReadonlyArray<Cell>) => name === methodLabels.grpo, why: "learned from outcomes" }
  return TableFiles.ranked(table, { columns: usualKs.map(keyAt), within: "column", apart })
}

const noScore = (name: string): Measurement => Measurements.notAvailable(`no completion has a ${name} score`)

const rerankingTable = (run: RunResults, pools: ReadonlyArray<PromptPool>, n: number): Table => {
  const ks = usualKs.filter((k) => k <= n)
  const ranked = (label: string, score: string): ReadonlyArray<Cell> => {
    const own = scored(pools, score)
    return [label, ...ks.map((k) => (own.length === 0 ? noScore(score) : successAtK(own, k, n, standard)))]
  }
  const voted = (label: string, name: string): ReadonlyArray<Cell> => [
    label,
    run.reranking.find((row) => row.reranker === name && row.n === n)!.accuracy,
    ...ks.slice(1).map(() => null)
  ]
  const correct = pools.filter((pool) => pool.correct.length >= n).map((pool) => pool.correct)
  return TableFiles.ranked(
    {
      id: `pass_at_k_table_reranking_${n}`,
      title: `Success at k of ${n}, ${run.label}`,
      caption: `Share of prompts with a correct completion among the k ranked first of ${n}, over all subsets of ${n}, ties by expectation; votes give one answer, so only @1; reward: ${run.selector}; ${intervals}.`,
      columns: [named, ...atKs(ks)],
      rows: [
        ["Random", ...ks.map((k) => passAtK(correct, k, standard))],
        ranked("Reasoning reward", "reward"),
        ranked("Length (shorter)", "length"),
        ranked("Log-probability", "logProb"),
        voted("Majority voting", "majority"),
        voted("Weighted majority", "weightedMajority")
      ]
    },
    { columns: ks.map(keyAt), within: "column" }
  )
}

const selectorTable = (run: RunResults, n: number): Table => ({
  id: `pass_at_k_table_selector_variants_${n}`,
  title: `Selectors, best of ${n}, ${run.label}`,
  caption: `Best-of-${n} by selector, ordered by the validation half of the prompts; differences to ${usualSelector} are paired, on the other half; ${intervals}.`,
  columns: [
    text("selector"),
    percent("validation", "validation half @1"),
    percent("test", "test half @1"),
    { key: "difference", label: "Δ (pp), test half", format: "points" }
  ],
  rows: run.selectors.map(({ selector, validation, test, difference }) => [selector, validation, test, difference])
})

const calibrationTable = (run: RunResults, pools: ReadonlyArray<PromptPool>): Table => ({
  id: "calibration_metrics_table",
  title: `Separation and calibration, ${run.label}`,
  caption: `AUROC of the score against correctness, over all completions and within prompts (which reranking needs); ECE (10 bins) and Brier score of probabilities by Platt scaling, each half of the prompts fitted on the other; reward: ${run.selector}; ${intervals}.`,
  columns: [
    text("score"),
    percent("auroc", "AUROC"),
    percent("within", "AUROC within prompt"),
    percent("ece", "ECE"),
    text("brier", "Brier")
  ],
  rows: (["reward", "logProb"] as const).map((name) => {
    const own = scored(pools, name)
    const label = name === "reward" ? "reward" : "log-probability"
    if (own.length === 0) return [label, noScore(name), null, null, null]
    const fitted = crossCalibrate(platt, own)
    return [
      label,
      aurocPooled(own, standard),
      aurocWithinPrompt(own, standard),
      expectedCalibrationError(fitted, standard),
      brierScore(fitted, standard)
    ]
  })
})

const passAt: PerK = (pools, k) =>
  passAtK(
    pools.map(({ correct }) => correct),
    k,
    standard
  )

const weighted: PerK = (pools, k) => {
  const own = scored(pools, "reward")
  return own.length === 0 ? noScore("reward") : weightedPassAtK(own, k, standard)
}

/** Every table of a run, each with where its numbers come from. */
export const mainTables = (run: RunResults): ReadonlyArray<Table> => {
  const pools = run.methods.airl?.pools ?? []
  const provenance = {
    selector: run.selector,
    resampling: { ...standard },
    runs: Object.fromEntries(Object.entries(run.methods).map(([method, own]) => [method, { ...own.provenance }]))
  }
  const tables = [
    byMethod(
      run,
      {
        id: "pass_at_k_table",
        title: `pass@k, ${run.label}`,
        caption: `Share of prompts solved by at least one of k completions, unbiased; ${intervals}.`
      },
      passAt
    ),
    byMethod(
      run,
      {
        id: "pass_at_k_table_reward_weighted",
        title: `Reward-weighted pass@k, ${run.label}`,
        caption: `pass@k with completions drawn by the softmax of the reward (${run.selector}, temperature 1); ${intervals}.`
      },
      weighted
    ),
    ...run.ns.map((n) => rerankingTable(run, pools, n)),
    ...(run.selectors.length === 0 ? [] : [selectorTable(run, Math.max(...run.ns))]),
    calibrationTable(run, pools),
    ...(scored(pools, "reward").length === 0 ? [] : [variationTable(run)]),
    ...categoryTables(run, { passAt, weighted })
  ]
  return tables.map((table) => ({ ...table, provenance }))
}
