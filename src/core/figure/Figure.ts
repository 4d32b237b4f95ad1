import type { Measurement } from "../evaluation/index.ts"
import type { NumberFormat } from "./format.ts"
import type { Role } from "./Theme.ts"

/** Shape of a point; together with the dash it tells series apart without colour. */
export type Marker = "circle" | "square" | "triangle" | "diamond" | "cross" | "star" | "none"

/** One line of a legend. */
export interface Series {
  readonly key: string
  readonly label: string
  readonly colour: Role
  /** SVG dash pattern, `""` for a solid line. */
  readonly dash: string
  readonly marker: Marker
}

/** A tidy row: one value of one series, with its 95% interval where it has one. */
export interface Point {
  readonly series: string
  readonly x: number
  readonly y: number
  readonly ci95?: readonly [number, number] | undefined
}

/** A bar of a grouped bar chart. */
export interface Bar {
  readonly group: string
  readonly series: string
  readonly value: number
  readonly ci95?: readonly [number, number] | undefined
}

/** A histogram column over [lower, upper). */
export interface Column {
  readonly series: string
  readonly lower: number
  readonly upper: number
  readonly height: number
}

/** What is drawn, in order; each layer is rows plus the way they are shown. */
export type Layer =
  | {
      readonly _tag: "Lines"
      readonly points: ReadonlyArray<Point>
      /** `band` suits many points, `whisker` few. */
      readonly interval: "band" | "whisker" | "none"
    }
  | { readonly _tag: "Bars"; readonly bars: ReadonlyArray<Bar> }
  | { readonly _tag: "Columns"; readonly columns: ReadonlyArray<Column> }
  /** A reference value for each group of a bar chart, drawn as a tick across its bars. */
  | { readonly _tag: "GroupMarks"; readonly series: string; readonly marks: ReadonlyArray<Omit<Bar, "series">> }
  /** A horizontal reference line. */
  | { readonly _tag: "Level"; readonly y: number; readonly label: string }
  | { readonly _tag: "Upright"; readonly x: number; readonly label: string }
  /** Everything between two places, shaded between upright lines. */
  | { readonly _tag: "Span"; readonly from: number; readonly to: number }
  /** What a reader should know beside the marks, such as a test's result; one line an entry. */
  | { readonly _tag: "Note"; readonly lines: ReadonlyArray<string> }

export interface Axis {
  readonly label: string
  readonly format: NumberFormat
  readonly domain?: readonly [number, number] | undefined
  readonly ticks?: ReadonlyArray<number> | undefined
}

/**
 * A figure as data: what is shown, not how it is painted. `toSvg` paints it; a table of the same rows can be read
 * from `points`. Units, sample sizes and what an interval means are in the caption.
 */
export interface Figure {
  /** Names the file and the anchor: letters, digits and dashes. */
  readonly id: string
  readonly title: string
  /** One sentence that a reader can understand without the text around it. */
  readonly caption: string
  readonly x: Axis
  readonly y: Axis
  readonly series: ReadonlyArray<Series>
  readonly layers: ReadonlyArray<Layer>
  /** What to say instead when there is nothing to draw. */
  readonly empty: string
}

/** Number of drawn rows; a figure without any shows its placeholder. */
export const rowCount = (figure: Figure): number =>
  figure.layers.reduce((count, layer) => {
    switch (layer._tag) {
      case "Lines":
        return count + layer.points.length
      case "Bars":
        return count + layer.bars.length
      case "Columns":
        return count + layer.columns.length
      default:
        return count
    }
  }, 0)

/** Looks that differ in hue, dash and marker at once. */
const looks: ReadonlyArray<Pick<Series, "colour" | "dash" | "marker">> = [
  { colour: "blue", dash: "", marker: "circle" },
  { colour: "orange", dash: "6 3", marker: "square" },
  { colour: "green", dash: "2 3", marker: "triangle" },
  { colour: "purple", dash: "8 3 2 3", marker: "diamond" },
  { colour: "rust", dash: "10 4", marker: "star" }
]

/** Series with the looks in order of appearance; a sixth begins again with the first look. */
export const seriesOf = (keys: ReadonlyArray<readonly [key: string, label: string]>): ReadonlyArray<Series> =>
  keys.map(([key, label], i) => ({ key, label, ...looks[i % looks.length]! }))

/** Rows of a metric as points; where the metric is not available there is no point. */
export const points = (
  series: string,
  rows: ReadonlyArray<{ readonly x: number; readonly measurement: Measurement }>
): ReadonlyArray<Point> =>
  rows.flatMap(({ x, measurement: m }) => (m._tag === "Estimate" ? [{ series, x, y: m.value, ci95: m.ci95 }] : []))

/** What every interval in figures and tables means, for captions. */
export const intervalNote = "95% intervals by bootstrap over prompts"

/** `1 prompt`, `200 prompts`. */
export const counted = (n: number, noun: string): string => `${n.toLocaleString("en-GB")} ${noun}${n === 1 ? "" : "s"}`
