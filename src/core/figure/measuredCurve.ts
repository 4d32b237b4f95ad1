import type { Measurement } from "../evaluation/index.ts"
import { type Axis, type Figure, intervalNote, points } from "./Figure.ts"
import { paperSeries } from "./looks.ts"
import { promptCount, ticksOf } from "./passAtKCurve.ts"

/** A line of measured values. */
export interface MeasuredLine {
  /** `airl`, `sft`, `grpo`, `reward`, `random`, ... have fixed looks. */
  readonly key: string
  readonly label: string
  readonly values: ReadonlyArray<{ readonly x: number; readonly value: Measurement }>
}

/** What the lines are. */
export interface MeasuredAxes {
  readonly id: string
  readonly title: string
  /** What a value is, without sample size and interval, which come from the values. */
  readonly says: string
  readonly x: string
  readonly y: Axis
}

/**
 * Measured values against a count, one line a method, with intervals as whiskers. Caption, sample size and what is not
 * available come from the values. A value that is not available has no mark: it is never drawn as 0.
 */
export const measuredCurve = (lines: ReadonlyArray<MeasuredLine>, axes: MeasuredAxes): Figure => {
  const rows = lines.flatMap(({ key, values }) =>
    points(
      key,
      values.map(({ x, value }) => ({ x, measurement: value }))
    )
  )
  const all = lines.flatMap(({ values }) => values.map(({ value }) => value))
  const sizes = all.flatMap((value) => (value._tag === "Estimate" ? [value.n] : []))
  const missing = all.length - sizes.length
  return {
    id: axes.id,
    title: axes.title,
    caption: `${axes.says} (${promptCount(sizes)}; ${intervalNote}${missing > 0 ? `; ${missing} of ${all.length} values not available` : ""}).`,
    x: { label: axes.x, format: "integer", ticks: ticksOf(rows) },
    y: axes.y,
    series: paperSeries(lines.map(({ key, label }) => [key, label])),
    layers: [{ _tag: "Lines", interval: "whisker", points: rows }],
    empty: "No value is available."
  }
}
