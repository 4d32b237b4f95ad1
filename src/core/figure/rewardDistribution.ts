import { counted, type Figure } from "./Figure.ts"

/** One bin of trace scores: how many right and wrong completions fall into [lower, upper). */
export interface RewardBin {
  readonly lower: number
  readonly upper: number
  readonly correct: number
  readonly wrong: number
}

/** Bins of equal width over the finite scores; the last holds its upper end. Non-finite scores are left out. */
export const rewardBins = (
  scores: ReadonlyArray<number>,
  correct: ReadonlyArray<boolean>,
  bins = 24
): ReadonlyArray<RewardBin> => {
  const kept = scores.flatMap((score, i) => (Number.isFinite(score) ? [{ score, right: correct[i]! }] : []))
  if (kept.length === 0) return []
  const low = kept.reduce((a, { score }) => Math.min(a, score), Number.POSITIVE_INFINITY)
  const high = kept.reduce((a, { score }) => Math.max(a, score), Number.NEGATIVE_INFINITY)
  const width = (high - low || 1) / bins
  const counts = Array.from({ length: bins }, () => ({ correct: 0, wrong: 0 }))
  for (const { score, right } of kept) {
    const bin = counts[Math.min(bins - 1, Math.floor((score - low) / width))]!
    if (right) bin.correct += 1
    else bin.wrong += 1
  }
  return counts.map((count, i) => ({ lower: low + i * width, upper: low + (i + 1) * width, ...count }))
}

/** Histograms of the trace score of right and wrong completions, each as a share of its own class. */
export const rewardDistribution = (
  bins: ReadonlyArray<RewardBin>,
  of: { readonly id: string; readonly title: string; readonly selector: string }
): Figure => {
  const right = bins.reduce((sum, bin) => sum + bin.correct, 0)
  const wrong = bins.reduce((sum, bin) => sum + bin.wrong, 0)
  const columns = bins.flatMap(({ lower, upper, ...count }) => [
    ...(count.wrong > 0 ? [{ series: "wrong", lower, upper, height: count.wrong / wrong }] : []),
    ...(count.correct > 0 ? [{ series: "correct", lower, upper, height: count.correct / right }] : [])
  ])
  return {
    id: of.id,
    title: of.title,
    caption: `Trace scores (${of.selector} of the rewards) of ${counted(right, "correct completion")} and ${counted(wrong, "wrong one")}, each as a share of its class.`,
    x: { label: `trace score (${of.selector})`, format: "number" },
    y: { label: "share of class", format: "percent" },
    series: [
      { key: "correct", label: "correct", colour: "blue", dash: "", marker: "none" },
      { key: "wrong", label: "wrong", colour: "orange", dash: "3 2", marker: "none" }
    ],
    layers: [{ _tag: "Columns", columns }],
    empty: "No completion has a score."
  }
}
