import { type Measurement, Rerankers, Resamplings } from "../../core/evaluation/index.ts"
import { type Cell, rerankerLabel, type Table } from "../../core/figure/index.ts"
import type { PromptPool } from "../../core/result/index.ts"
import { atKs, type PerK, within } from "./perK.ts"
import { mostGenerations, type RunResults } from "./RunResults.ts"
import { integer, intervals, percent, text } from "./runGrid.ts"

type Category = readonly [name: string, pools: ReadonlyArray<PromptPool>]

const categoriesOf = (pools: ReadonlyArray<PromptPool>): ReadonlyArray<Category> =>
  [...Map.groupBy(pools, ({ category }) => category)].flatMap(([name, own]) =>
    name === undefined ? [] : [[name, own]]
  )

interface OfCategories extends Pick<Table, "id" | "title" | "caption"> {
  readonly columns: Table["columns"]
  readonly cells: (pools: ReadonlyArray<PromptPool>) => ReadonlyArray<Cell>
}

const tableOf = (categories: ReadonlyArray<Category>, { columns, cells, caption, ...of }: OfCategories): Table => ({
  ...of,
  caption: `${caption}, by category; ${intervals}.`,
  columns: [text("category"), integer("prompts"), ...columns],
  rows: categories.map(([name, own]) => [name, own.length, ...cells(own)])
})

/** A metric at every k, by category. */
const atEveryK = ({ ks }: RunResults, most: number, metric: PerK): Pick<OfCategories, "columns" | "cells"> => ({
  columns: atKs(ks),
  cells: (own) => ks.map((k) => within(k, most, () => metric(own, k)))
})

/** Rerankers of a run at one n, by category. */
const atN = (n: number): Pick<OfCategories, "columns" | "cells"> => ({
  columns: Rerankers.standard.map(({ name }) => percent(name, rerankerLabel(name))),
  cells: (own): ReadonlyArray<Measurement> =>
    Rerankers.curve(own, Rerankers.standard, [n], Resamplings.standard).map(({ accuracy }) => accuracy)
})

/** The tables of a run that are split by category, where its rows name one. */
export const categoryTables = (
  run: RunResults,
  metrics: { readonly passAt: PerK; readonly weighted: PerK }
): ReadonlyArray<Table> => {
  const pools = run.methods.airl?.pools ?? []
  const categories = categoriesOf(pools)
  if (categories.length === 0) return []
  const most = mostGenerations(pools)
  const n = Math.max(...run.ns)
  return [
    tableOf(categories, {
      id: "pass_at_k_table_by_category",
      title: `pass@k by category, ${run.label}`,
      caption: "Share of prompts solved by at least one of k completions",
      ...atEveryK(run, most, metrics.passAt)
    }),
    tableOf(categories, {
      id: "pass_at_k_table_reward_weighted_by_category",
      title: `Reward-weighted pass@k by category, ${run.label}`,
      caption: `pass@k with completions drawn by the softmax of the reward (${run.selector}, temperature 1)`,
      ...atEveryK(run, most, metrics.weighted)
    }),
    ...(run.ns.length === 0
      ? []
      : [
          tableOf(categories, {
            id: `pass_at_k_table_reranking_${n}_by_category`,
            title: `Best of ${n} by category, ${run.label}`,
            caption: `Share of prompts where the completion picked among ${n} is correct, reward: ${run.selector}`,
            ...atN(n)
          })
        ])
  ]
}
