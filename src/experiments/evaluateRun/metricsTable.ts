import type { Measurement } from "../../core/evaluation/index.ts"
import { formatMeasurement, rerankerLabel } from "../../core/figure/index.ts"
import { Censuses } from "../../core/result/index.ts"
import { table } from "../../core/run/index.ts"
import type { FileMetrics } from "./measureFile.ts"

const shown = (value: Measurement): string =>
  value._tag === "Estimate" ? formatMeasurement(value, "percent") : `n/a: ${value.reason}`

/** The metrics of a file as text: each value with its 95% interval over prompts, and what is wrong with the file. */
export const metricsTable = (metrics: FileMetrics): string => {
  const { rows, prompts, completions, rerank } = metrics
  const lines: ReadonlyArray<readonly [string, Measurement]> = [
    ...metrics.passAtK.map(({ k, value }) => [`pass@${k}`, value] as const),
    ["pass@1, lenient reading", metrics.formatAdjustedPassAt1],
    ...metrics.successAtK.map(({ k, value }) => [`success@${k} of ${completions} by reward`, value] as const),
    ...metrics.weightedPassAtK.map(({ k, value }) => [`pass@${k} weighted by reward`, value] as const),
    ["AUROC of the reward, pooled", metrics.aurocPooled],
    ["AUROC of the reward within prompts", metrics.aurocWithinPrompt],
    ["area under risk and coverage", metrics.areaUnderRiskCoverage]
  ]
  return [
    `${rows} completions of ${prompts} prompts`,
    table(
      ["metric", "value [95% interval]"],
      lines.map(([name, value]) => [name, shown(value)])
    ),
    ...(rerank.length === 0
      ? []
      : [
          "",
          table(
            [`best of ${completions} by`, "right", "above a random pick"],
            rerank.map(({ reranker, accuracy, gain }) => [rerankerLabel(reranker), shown(accuracy), shown(gain)])
          )
        ]),
    ...metrics.problems.map(Censuses.describe)
  ].join("\n")
}
