import type { Measurement } from "../../core/evaluation/index.ts"
import { type Bar, type Drawing, Drawings, Figures } from "../../core/figure/index.ts"
import { rerankOf } from "./runGrid.ts"
import { largestN, type RunSummary } from "./summariseRun.ts"

const bar = (group: string, series: string, value: Measurement | undefined): ReadonlyArray<Bar> =>
  value?._tag === "Estimate" ? [{ group, series, value: value.value, ci95: value.ci95 }] : []

/** For each domain with several runs: the random pick and the reward's best-of-n of every run, as bars. */
export const ablationDrawings = (runs: ReadonlyArray<RunSummary>): ReadonlyArray<Drawing> =>
  [...Map.groupBy(runs, ({ domain }) => domain)].flatMap(([domain, own]) => {
    if (own.length < 2) return []
    const of = (run: RunSummary, name: string) => rerankOf(run, name)?.accuracy
    const ns = [...new Set(own.map(largestN))].join(", ")
    const selectors = [...new Set(own.map(({ selector }) => selector))].join(", ")
    return [
      Drawings.ofFigure({
        id: `ablation_${domain}`,
        title: `Runs on ${domain}`,
        caption: `pass@1 of each run's policy (the expected random pick) and best-of-${ns} by its reward (${selectors}), bars in the order of the legend; ${Figures.intervalNote}.`,
        x: { label: "correct", format: "percent" },
        y: { label: "", format: "percent" },
        series: [
          { key: "random", label: "pass@1", colour: "rust", dash: "", marker: "none" },
          { key: "reward", label: `best of ${ns}`, colour: "blue", dash: "", marker: "none" }
        ],
        layers: [
          {
            _tag: "Bars",
            bars: own.flatMap((run) => [
              ...bar(run.label, "random", of(run, "random")),
              ...bar(run.label, "reward", of(run, "reward"))
            ])
          }
        ],
        empty: "No run has a value."
      })
    ]
  })
