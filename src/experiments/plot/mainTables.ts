import {
  aurocPooled,
  aurocWithinPrompt,
  bestOfNPerPrompt,
  brierScore,
  crossCalibrate,
  differenceOverPrompts,
  expectedCalibrationError,
  type Measurement,
  Measurements,
  passAtK,
  platt,
  Rerankers,
  Resamplings,
  type ScoredPool,
  Selectors,
  successAtK,
  weightedPassAtK
} from "../../core/evaluation/index.ts"
import { type Cell, type Table, TableFiles } from "../../core/figure/index.ts"
import type { PromptPool } from "../../core/result/index.ts"
import { methodLabels, mostGenerations, type RunResults, scored, usualKs } from "./mainDrawings.ts"

const { standard } = Resamplings
const intervals = "95% intervals by bootstrap over prompts"

/** A metric at k, or no cell at all where k is larger than the pool: it is no 0 there. */
export const within = (k: number, most: number, value: () => Measurement): Cell => (k > most ? null : value())

const named = { key: "method", label: "method", format: "number" } as const
const atKs = (ks: ReadonlyArray<number>) =>
  ks.map((k) => ({ key: `at${k}`, label: `@${k}`, format: "percent" }) as const)
const keysAt = (ks: ReadonlyArray<number>) => ks.map((k) => `at${k}`)

type PerK = (pools: ReadonlyArray<PromptPool>, k: number) => Measurement

const byMethod = (run: RunResults, of: Pick<Table, "id" | "title" | "caption">, metric: PerK): Table => {
  const rows = (["grpo", "airl", "sft"] as const).flatMap((method) => {
    const own = run.methods[method]
    if (own === undefined) return []
    const most = mostGenerations(own.pools)
    return [[methodLabels[method], ...usualKs.map((k) => within(k, most, () => metric(own.pools, k)))]]
  })
  const table = { ...of, columns: [named, ...atKs(usualKs)], rows }
  return TableFiles.ranked(table, { columns: keysAt(usualKs), within: "column" })
}

const noScore = (name: string): Measurement => Measurements.notAvailable(`no completion has a ${name} score`)

const rerankingTable = (run: RunResults, pools: ReadonlyArray<PromptPool>, n: number): Table => {
  const ks = usualKs.filter((k) => k <= n)
  const ranked = (label: string, score: string): ReadonlyArray<Cell> => {
    const own = scored(pools, score)
    return [label, ...ks.map((k) => (own.length === 0 ? noScore(score) : successAtK(own, k, n, standard)))]
  }
  const voted = (label: string, reranker: Rerankers.Reranker): ReadonlyArray<Cell> => [
    label,
    Rerankers.curve(pools, [reranker], [n], standard)[0]!.accuracy,
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
        voted("Majority voting", Rerankers.majority),
        voted("Weighted majority", Rerankers.weightedMajority("reward"))
      ]
    },
    { columns: keysAt(ks), within: "column" }
  )
}

/**
 * Selectors compared where none was chosen: they are ordered by half of the prompts, and what is claimed of them is
 * measured on the other half.
 */
const selectorTable = (run: RunResults, pools: ReadonlyArray<PromptPool>, n: number): Table => {
  const half = (parity: number, name: string): ReadonlyArray<ScoredPool> =>
    scored(
      pools.filter((_, i) => i % 2 === parity),
      `selector:${name}`
    )
  const discounted = Selectors.named("discounted")!.name
  const base = bestOfNPerPrompt(half(1, discounted), n)
  const rows = Selectors.all
    .map(({ name }) => {
      const [chosen, tested] = [successAtK(half(0, name), 1, n, standard), successAtK(half(1, name), 1, n, standard)]
      const difference =
        name === discounted ? null : differenceOverPrompts(bestOfNPerPrompt(half(1, name), n), base, standard)
      return [name, chosen, tested, difference] as const
    })
    .toSorted(([, a], [, b]) => (Measurements.value(b) ?? -1) - (Measurements.value(a) ?? -1))
  return {
    id: `pass_at_k_table_selector_variants_${n}`,
    title: `Selectors, best of ${n}, ${run.label}`,
    caption: `Best-of-${n} by selector, ordered by the validation half of the prompts; differences to ${discounted} are paired, on the other half; ${intervals}.`,
    columns: [
      { key: "selector", label: "selector", format: "number" },
      { key: "validation", label: "validation half @1", format: "percent" },
      { key: "test", label: "test half @1", format: "percent" },
      { key: "difference", label: "Δ (pp), test half", format: "points" }
    ],
    rows
  }
}

const calibrationTable = (run: RunResults, pools: ReadonlyArray<PromptPool>): Table => ({
  id: "calibration_metrics_table",
  title: `Separation and calibration, ${run.label}`,
  caption: `AUROC of the score against correctness, over all completions and within prompts (which reranking needs); ECE (10 bins) and Brier score of probabilities by Platt scaling, each half of the prompts fitted on the other; reward: ${run.selector}; ${intervals}.`,
  columns: [
    { key: "score", label: "score", format: "number" },
    { key: "auroc", label: "AUROC", format: "percent" },
    { key: "within", label: "AUROC within prompt", format: "percent" },
    { key: "ece", label: "ECE", format: "percent" },
    { key: "brier", label: "Brier", format: "number" }
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

const categoryTable = (run: RunResults, pools: ReadonlyArray<PromptPool>): ReadonlyArray<Table> => {
  const groups = [...Map.groupBy(pools, ({ category }) => category)].filter(([name]) => name !== undefined)
  if (groups.length === 0) return []
  const most = mostGenerations(pools)
  return [
    {
      id: "pass_at_k_table_by_category",
      title: `pass@k by category, ${run.label}`,
      caption: `Share of prompts solved by at least one of k completions, by category; ${intervals}.`,
      columns: [
        { key: "category", label: "category", format: "number" },
        { key: "prompts", label: "prompts", format: "integer" },
        ...atKs(usualKs)
      ],
      rows: groups.map(([name, own]) => {
        const correct = own.map((pool) => pool.correct)
        return [name!, own.length, ...usualKs.map((k) => within(k, most, () => passAtK(correct, k, standard)))]
      })
    }
  ]
}

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
  const most = mostGenerations(pools)
  const ns = run.ns.filter((n) => n <= most)
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
    ...ns.map((n) => rerankingTable(run, pools, n)),
    ...ns.slice(-1).map((n) => selectorTable(run, pools, n)),
    calibrationTable(run, pools),
    ...categoryTable(run, pools)
  ]
  return tables.map((table) => ({ ...table, provenance }))
}
