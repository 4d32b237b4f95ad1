import type { Measurement } from "../evaluation/index.ts"
import { counted, type Figure, intervalNote, points, type Series, seriesOf } from "./Figure.ts"

/** pass@k of one method. */
export interface PassAtKSeries {
  readonly key: string
  readonly label: string
  /** A base line is drawn in grey. */
  readonly isBaseline: boolean
  readonly values: ReadonlyArray<{ readonly k: number; readonly value: Measurement }>
}

/** pass@k against k, one line a method, with intervals. */
export const passAtKCurve = (methods: ReadonlyArray<PassAtKSeries>): Figure => {
  const coloured = seriesOf(methods.filter((m) => !m.isBaseline).map((m) => [m.key, m.label]))
  const series = methods.map(
    (m): Series =>
      coloured.find(({ key }) => key === m.key) ?? {
        key: m.key,
        label: m.label,
        colour: "grey",
        dash: "",
        marker: "cross"
      }
  )
  const rows = methods.flatMap((m) =>
    points(
      m.key,
      m.values.map(({ k, value }) => ({ x: k, measurement: value }))
    )
  )
  const sizes = methods.flatMap((m) => m.values.flatMap(({ value }) => (value._tag === "Estimate" ? [value.n] : [])))
  return {
    id: "pass-at-k",
    title: "pass@k",
    caption: `Share of prompts solved by at least one of k completions (unbiased; ${promptCount(sizes)}; ${intervalNote}).`,
    x: { label: "completions k", format: "integer", ticks: ticksOf(rows) },
    y: { label: "pass@k", format: "percent" },
    series,
    layers: [{ _tag: "Lines", interval: "whisker", points: rows }],
    empty: "No completions were sampled."
  }
}

/** `200 prompts`, or `180 to 200 prompts` where a metric had to leave some out. */
export const promptCount = (sizes: ReadonlyArray<number>): string => {
  if (sizes.length === 0) return "no prompts"
  const [low, high] = [Math.min(...sizes), Math.max(...sizes)]
  return low === high ? counted(low, "prompt") : `${low} to ${counted(high, "prompt")}`
}

/** The whole numbers that occur as x: an axis of counts has no fractions. */
export const ticksOf = (rows: ReadonlyArray<{ readonly x: number }>): ReadonlyArray<number> =>
  [...new Set(rows.map(({ x }) => x))].sort((a, b) => a - b)
