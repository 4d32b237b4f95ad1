import {
  aurocPooled,
  aurocWithinPrompt,
  type Measurement,
  Measurements,
  passAtK,
  Rerankers,
  type RerankRow,
  Resamplings,
  type ScoredPool,
  type Selector
} from "../evaluation/index.ts"
import { type Cell, type Figure, rerankCurve, rewardBins, rewardDistribution, type Table } from "../figure/index.ts"
import { isReference, type PromptPool, PromptPools, TraceScores } from "../result/index.ts"
import type { NamedRows } from "./pack.ts"

/** What a file's rollouts come to. */
export interface FileOverview {
  readonly name: string
  readonly rollouts: number
  readonly prompts: number
  readonly withoutVerdict: number
  readonly passAt1: Measurement
  readonly aurocPooled: Measurement
  readonly aurocWithinPrompt: Measurement
  readonly rerank: ReadonlyArray<RerankRow>
  readonly figures: ReadonlyArray<Figure>
}

const resampling = Resamplings.standard
/** Sizes at which reranking is shown, as far as every prompt has as many completions. */
const sizes = [2, 3, 5, 8, 16, 32, 64]

const scored = (pools: ReadonlyArray<PromptPool>): ReadonlyArray<ScoredPool> | undefined =>
  pools.every(({ scores }) => scores["reward"] === undefined)
    ? undefined
    : pools.map(({ correct, scores }) => ({ correct, scores: scores["reward"]! }))

const finiteScores = (pools: ReadonlyArray<ScoredPool>) =>
  pools.flatMap(({ correct, scores }) =>
    scores.flatMap((score, i) => (Number.isFinite(score) ? [{ score, correct: correct[i]! }] : []))
  )

/** The measures of one file: with their reason where there are none. */
export const overviewOf = ({ name, rows }: NamedRows, selector: Selector): FileOverview => {
  const judged = rows.filter((row) => !isReference(row))
  const pools = PromptPools.ofRows(judged, {
    scores: { reward: TraceScores.reward(selector), logProb: TraceScores.logProb }
  })
  const rewards = scored(pools)
  const fewest = pools.reduce((least, { correct }) => Math.min(least, correct.length), Number.POSITIVE_INFINITY)
  const ns = sizes.filter((n) => n <= fewest)
  const none = Measurements.notAvailable("no rewards in this file")
  const rerankers = Rerankers.standard.filter(
    ({ name: rule }) => rewards !== undefined || !(rule === "reward" || rule === "weightedMajority")
  )
  const rerank = pools.length === 0 ? [] : Rerankers.curve(pools, rerankers, ns, resampling)
  const values = rewards === undefined ? [] : finiteScores(rewards)
  return {
    name,
    rollouts: rows.length,
    prompts: pools.length,
    withoutVerdict: judged.length - pools.reduce((sum, { correct }) => sum + correct.length, 0),
    passAt1: passAtK(
      pools.map(({ correct }) => correct),
      1,
      resampling
    ),
    aurocPooled: rewards === undefined ? none : aurocPooled(rewards, resampling),
    aurocWithinPrompt: rewards === undefined ? none : aurocWithinPrompt(rewards, resampling),
    rerank,
    figures: [
      ...(rerank.length === 0 ? [] : [rerankCurve(rerank, { id: "best-of-n", title: `Best-of-n, ${name}` })]),
      ...(values.length === 0
        ? []
        : [
            rewardDistribution(
              rewardBins(
                values.map(({ score }) => score),
                values.map(({ correct }) => correct)
              ),
              { id: "rewards", title: `Rewards by correctness, ${name}`, selector: selector.name }
            )
          ])
    ]
  }
}

const largestN = ({ rerank }: FileOverview): number => rerank.reduce((most, { n }) => Math.max(most, n), 0)

/** One line a file, with 95% intervals over prompts; columns that say nothing in all files are left out. */
export const overviewTable = (files: ReadonlyArray<FileOverview>): Table => {
  const sizes = new Set(files.map(largestN).filter((n) => n > 0))
  const [only] = sizes.size === 1 ? sizes : []
  const at = (file: FileOverview, rule: string) =>
    file.rerank.find(({ reranker, n }) => reranker === rule && n === largestN(file))
  const columns: ReadonlyArray<Table["columns"][number] & { readonly of: (file: FileOverview) => Cell }> = [
    { key: "file", label: "file", format: "number", of: ({ name }) => name },
    { key: "prompts", label: "prompts", format: "integer", of: ({ prompts }) => prompts },
    { key: "rollouts", label: "rollouts", format: "integer", of: ({ rollouts }) => rollouts },
    ...(files.some(({ withoutVerdict }) => withoutVerdict > 0)
      ? [
          {
            key: "withoutVerdict",
            label: "no verdict",
            format: "integer",
            of: (f: FileOverview) => f.withoutVerdict
          } as const
        ]
      : []),
    { key: "passAt1", label: "pass@1", format: "percent", of: ({ passAt1 }) => passAt1 },
    ...(only === undefined && sizes.size > 0
      ? [{ key: "n", label: "n", format: "integer", of: (f: FileOverview) => largestN(f) || null } as const]
      : []),
    {
      key: "bestOfN",
      label: `best of ${only ?? "n"} by reward`,
      format: "percent",
      of: (file) => at(file, "reward")?.accuracy ?? null
    },
    { key: "gain", label: "over random (points)", format: "points", of: (file) => at(file, "reward")?.gain ?? null },
    { key: "majority", label: "majority", format: "percent", of: (file) => at(file, "majority")?.accuracy ?? null },
    { key: "aurocWithinPrompt", label: "AUROC within prompt", format: "number", of: (f) => f.aurocWithinPrompt },
    { key: "aurocPooled", label: "AUROC pooled", format: "number", of: (f) => f.aurocPooled }
  ]
  return {
    id: "files",
    title: "Results by file",
    caption:
      "95% intervals by bootstrap over prompts. Best of n at the largest n that every prompt of the file has, beside the expected random pick and the majority of answers.",
    columns: columns.map(({ of: _, ...column }) => column),
    rows: files.map((file) => columns.map(({ of }) => of(file)))
  }
}
