import { type Table, TableFiles } from "../../core/figure/index.ts"
import { absent, collapsed, gainOf, gridOf, intervals, percent, text } from "./runGrid.ts"
import type { RunSummary } from "./summariseRun.ts"

const fitted = "after Platt scaling on the other half of the prompts"

/** Separation and calibration of every reward, data sets side by side. */
export const calibration = (runs: ReadonlyArray<RunSummary>): Table => {
  const { domains, labels, at } = gridOf(runs)
  return {
    id: "results_calibration_table",
    title: "Separation and calibration",
    caption: `AUROC of the score against correctness, over all completions and within prompts (which reranking needs), and expected calibration error ${fitted}; ${intervals}.`,
    columns: [
      text("run"),
      ...domains.flatMap((domain) => [
        percent(`${domain}_auroc`, `${domain} AUROC`),
        percent(`${domain}_within`, `${domain} within`),
        percent(`${domain}_ece`, `${domain} ECE`)
      ])
    ],
    rows: labels.map((label) => [
      label,
      ...domains.flatMap((domain) => {
        const run = at(label, domain)
        return [run?.auroc ?? absent, run?.aurocWithinPrompt ?? absent, run?.calibrationError ?? absent]
      })
    ])
  }
}

/** What changes from run to run: of the policy, of reranking, and of the reward. */
export const ablation = (runs: ReadonlyArray<RunSummary>): Table =>
  TableFiles.ranked(
    {
      id: "ablation_results",
      title: "Runs side by side",
      caption: `pass@1 of the policy, gain Δ of reranking by its reward, AUROC over all completions and within prompts, calibration error ${fitted}; ${intervals}.`,
      columns: [
        text("domain"),
        text("run"),
        percent("pass1", "pass@1"),
        { key: "gain", label: "Δ rerank (pp)", format: "points" },
        percent("auroc", "AUROC"),
        percent("within", "AUROC within"),
        percent("ece", "ECE")
      ],
      rows: runs.map((run) => [
        ...[run.domain, run.label, run.passAt1.airl ?? absent, gainOf(run)],
        ...[run.auroc, run.aurocWithinPrompt, run.calibrationError]
      ])
    },
    { columns: ["pass1"], within: "nothing", floor: collapsed }
  )
