import type { Measurement, ReliabilityBin, RiskPoint } from "../evaluation/index.ts"
import { counted, type Figure, intervalNote, type Point } from "./Figure.ts"
import { formatMeasurement } from "./format.ts"
import { paperSeries } from "./looks.ts"

/** Bins of one score's probabilities, and what was measured on them. */
export interface Reliability {
  readonly key: string
  readonly label: string
  readonly bins: ReadonlyArray<ReliabilityBin>
  readonly calibrationError: Measurement
}

/** Share of correct completions against stated probability; a calibrated score lies on the diagonal. */
export const reliabilityDiagram = (
  scores: ReadonlyArray<Reliability>,
  of: { readonly id: string; readonly title: string; readonly fitted: string }
): Figure => {
  const points = scores.flatMap(({ key, bins }) =>
    bins.flatMap(
      ({ confidence, accuracy }): ReadonlyArray<Point> =>
        confidence === undefined || accuracy === undefined ? [] : [{ series: key, x: confidence, y: accuracy }]
    )
  )
  const total = scores[0]?.bins.reduce((n, { count }) => n + count, 0) ?? 0
  const errors = scores.map((s) => `${s.label} ${formatMeasurement(s.calibrationError, "percent")}`).join(", ")
  return {
    id: of.id,
    title: of.title,
    caption: `Share of correct completions against probability (${of.fitted}), ${counted(total, "completion")} in bins of equal width; expected calibration error: ${errors}; ${intervalNote}.`,
    x: { label: "probability", format: "percent", domain: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1] },
    y: { label: "correct", format: "percent", domain: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1] },
    series: paperSeries([
      ...scores.map(({ key, label }) => [key, label] as const),
      ...(points.length > 0 ? [["ideal", "calibrated"] as const] : [])
    ]),
    layers: [
      {
        _tag: "Lines",
        interval: "none",
        points: [...points, ...(points.length > 0 ? [0, 1].map((x) => ({ series: "ideal", x, y: x })) : [])]
      }
    ],
    empty: "No completion has a probability."
  }
}

/** A score's risk-coverage curve and the area under it. */
export interface RiskLine {
  readonly key: string
  readonly label: string
  readonly curve: ReadonlyArray<RiskPoint>
  readonly area: Measurement
}

/** Points of a curve that a picture of this width can show. */
const shown = 120

const thinned = <A>(rows: ReadonlyArray<A>): ReadonlyArray<A> =>
  rows.length <= shown
    ? rows
    : Array.from({ length: shown }, (_, i) => rows[Math.round((i * (rows.length - 1)) / (shown - 1))]!)

/** Share of wrong answers among those answered, when only the best-scored are: lower is better. */
export const riskCoverageFigure = (
  lines: ReadonlyArray<RiskLine>,
  of: { readonly id: string; readonly title: string }
): Figure => ({
  id: of.id,
  title: of.title,
  caption: `Share of wrong completions among the best-scored ones against the share answered; area under the curve, lower is better: ${lines
    .map(({ label, area }) => `${label} ${formatMeasurement(area, "percent")}`)
    .join(", ")}; ${intervalNote}.`,
  x: { label: "answered", format: "percent", domain: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1] },
  y: { label: "wrong among answered", format: "percent" },
  series: paperSeries(lines.map(({ key, label }) => [key, label])),
  layers: [
    {
      _tag: "Lines",
      interval: "none",
      points: lines.flatMap(({ key, curve }) =>
        thinned(curve).map(({ coverage, risk }) => ({ series: key, x: coverage, y: risk }))
      )
    }
  ],
  empty: "No completion has a score."
})
