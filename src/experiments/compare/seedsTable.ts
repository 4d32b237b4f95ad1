import type { Tables } from "../../core/figure/index.ts"
import type { MethodSummary, Summary } from "../../core/figure/report/index.ts"
import { difference, overSeeds, type Runs, seedsCaption, valueOf } from "./runs.ts"

const columns = [
  ["method", "Method", "text"],
  ["passAt1", "pass@1", "percent"],
  ["gain", "pass@1 − SFT", "percent"],
  ["reward", "best-of-8 by reward", "percent"],
  ["random", "random pick", "percent"],
  ["logProb", "by log-prob", "percent"],
  ["majority", "majority", "percent"],
  ["oracle", "oracle", "percent"],
  ["hit", "first wrong step Hit@1", "percent"],
  ["chance", "chance", "percent"],
  ["hitLogProb", "Hit@1 by log-prob", "percent"]
] as const

const row = (runs: Runs, name: string, of: (run: Summary) => MethodSummary | undefined): ReadonlyArray<Tables.Cell> => [
  name,
  overSeeds(runs, (run) => valueOf(of(run)?.passAt1)),
  overSeeds(runs, (run) => difference(valueOf(of(run)?.passAt1), valueOf(run.sft?.passAt1))),
  ...(["reward", "random", "logProb", "majority", "oracle"] as const).map((pick) =>
    overSeeds(runs, (run) => valueOf(of(run)?.bestOf8?.[pick]))
  ),
  ...(["hitAt1", "chance", "logProb"] as const).map((what) =>
    overSeeds(runs, (run) => valueOf(of(run)?.localisation?.[what]))
  )
]

/** Every method of the runs, a row each: means over seeds with 95% Student-t intervals. */
export const seedsTable = (runs: Runs): Tables.Table => {
  const keys = (kind: "airl" | "reward") => [...new Set(runs.flatMap((run) => Object.keys(run[kind])))]
  return {
    id: "seeds",
    title: `${runs[0]?.task ?? ""}, ${runs.length} seeds`,
    caption: seedsCaption(runs),
    columns: columns.map(([key, label, format]) => ({ key, label, format: format === "text" ? "percent" : format })),
    rows: [
      row(runs, "SFT", (run) => run.sft),
      ...keys("airl").map((key) => row(runs, `AIRL ${key}`, (run) => run.airl[key])),
      ...keys("reward").map((key) => row(runs, `SFT samples, ${key} reward`, (run) => run.reward[key])),
      ...(runs.some(({ grpo }) => grpo !== undefined) ? [row(runs, "GRPO, outcome reward", (run) => run.grpo)] : [])
    ]
  }
}
