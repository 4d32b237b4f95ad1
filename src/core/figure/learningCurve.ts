import type { Figure } from "./Figure.ts"
import { counted, seriesOf } from "./Figure.ts"
import type { NumberFormat } from "./format.ts"

/** One measured value of a training run. */
export interface CurvePoint {
  readonly series: string
  readonly step: number
  readonly value: number
}

/** A quantity over the steps of a run, possibly in several series. */
export interface Curve {
  readonly id: string
  readonly title: string
  /** What the x axis counts, e.g. `policy step`. */
  readonly xLabel: string
  readonly yLabel: string
  readonly format: NumberFormat
  readonly points: ReadonlyArray<CurvePoint>
  /** Series that no training or selection ever sees, such as true correctness: marked in the legend. */
  readonly displayOnly?: ReadonlyArray<string> | undefined
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Steps one by one, where even spacing would put marks between them, whose rounded numbers repeat. */
const ticksOf = (points: ReadonlyArray<CurvePoint>): ReadonlyArray<number> | undefined => {
  const steps = [...new Set(points.map(({ step }) => step))].sort((a, b) => a - b)
  const [first = 0, last = first] = [steps[0], steps.at(-1)]
  return last - first < 6 ? Array.from({ length: last - first + 1 }, (_, i) => first + i) : undefined
}

/** A learning curve; series that training never sees are drawn dotted and marked `for display only`. */
export const learningCurve = (curve: Curve): Figure => {
  const finite = curve.points.filter(({ step, value }) => Number.isFinite(step) && Number.isFinite(value))
  const keys = [...new Set(finite.map((point) => point.series))]
  const hidden = keys.filter((key) => curve.displayOnly?.includes(key))
  const dropped = curve.points.length - finite.length
  return {
    id: curve.id,
    title: curve.title,
    caption: [
      `${capitalised(curve.yLabel)} against ${curve.xLabel}, ${counted(finite.length, "value")}`,
      hidden.length > 0 ? `; ${hidden.join(", ")} for display only, never seen by training or selection` : "",
      dropped > 0 ? `; ${counted(dropped, "non-finite value")} left out` : "",
      "."
    ].join(""),
    x: { label: curve.xLabel, format: "integer", ticks: ticksOf(finite) },
    y: { label: curve.yLabel, format: curve.format },
    series: seriesOf(keys.map((key) => [key, key])).map((series) =>
      hidden.includes(series.key)
        ? { ...series, label: `${series.label} (for display only)`, dash: "1 4", marker: "none" }
        : series
    ),
    layers: [
      {
        _tag: "Lines",
        interval: "none",
        points: finite.map(({ series, step, value }) => ({ series, x: step, y: value }))
      }
    ],
    empty: "No values were recorded."
  }
}
