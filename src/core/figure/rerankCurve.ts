import type { RerankRow } from "../evaluation/index.ts"
import { type Figure, intervalNote, points, type Series, seriesOf } from "./Figure.ts"
import { promptCount, ticksOf } from "./passAtKCurve.ts"

/** The looks of the rerankers that always appear, so that a colour means the same in every figure. */
const known: ReadonlyArray<Series> = [
  { key: "oracle", label: "oracle", colour: "ink", dash: "1 4", marker: "none" },
  { key: "reward", label: "reward", colour: "blue", dash: "", marker: "circle" },
  { key: "weightedMajority", label: "weighted majority", colour: "purple", dash: "8 3 2 3", marker: "diamond" },
  { key: "majority", label: "majority", colour: "green", dash: "2 3", marker: "triangle" },
  { key: "logProb", label: "log-prob", colour: "orange", dash: "6 3", marker: "square" },
  { key: "length", label: "length", colour: "rust", dash: "10 4", marker: "star" },
  { key: "random", label: "expected random", colour: "grey", dash: "", marker: "cross" }
]

/** Readable name of a reranker. */
export const rerankerLabel = (key: string): string => known.find((series) => series.key === key)?.label ?? key

/** Accuracy of the pick among n completions, for each reranker, with the oracle above and the random pick below. */
export const rerankCurve = (
  rows: ReadonlyArray<RerankRow>,
  of: { readonly id: string; readonly title: string }
): Figure => {
  const keys = [...new Set(rows.map((row) => row.reranker))]
  const others = seriesOf(keys.filter((key) => !known.some((s) => s.key === key)).map((key) => [key, key]))
  const drawn = keys.flatMap((key) =>
    points(
      key,
      rows.filter((row) => row.reranker === key).map((row) => ({ x: row.n, measurement: row.accuracy }))
    )
  )
  const sizes = rows.flatMap(({ accuracy }) => (accuracy._tag === "Estimate" ? [accuracy.n] : []))
  return {
    id: of.id,
    title: of.title,
    caption:
      `Share of prompts where the completion picked among n is correct, averaged exactly over all subsets of n, ` +
      `ties by expectation (${promptCount(sizes)}; bands: ${intervalNote}).`,
    x: { label: "completions n", format: "integer", ticks: ticksOf(drawn) },
    y: { label: "best-of-n", format: "percent" },
    series: [...known, ...others].filter(({ key }) => keys.includes(key)),
    layers: [{ _tag: "Lines", interval: "band", points: drawn }],
    empty: "No completions were reranked."
  }
}
