import type { Measurement, Welch } from "../evaluation/index.ts"
import { counted, type Figure, type Point } from "./Figure.ts"
import { formatMeasurement, formatNumber } from "./format.ts"
import { paperSeries } from "./looks.ts"

/**
 * Gaussian kernel density at each x, with Scott's bandwidth s n^(-1/5), s the sample's standard deviation (n - 1).
 *
 * @returns densities, `undefined` for fewer than two values or when all are equal: there is no width to smooth with
 * @see Scott 1992
 */
export const kernelDensity = (
  values: ReadonlyArray<number>,
  at: ReadonlyArray<number>
): ReadonlyArray<number> | undefined => {
  const n = values.length
  const mean = values.reduce((s, x) => s + x, 0) / n
  const sd = Math.sqrt(values.reduce((s, x) => s + (x - mean) ** 2, 0) / (n - 1))
  const h = sd * n ** -0.2
  if (n < 2 || !(h > 0)) return undefined
  const scale = 1 / (n * h * Math.sqrt(2 * Math.PI))
  return at.map((x) => scale * values.reduce((s, v) => s + Math.exp(-0.5 * ((x - v) / h) ** 2), 0))
}

/** Two groups of trace scores, and what was tested on them. */
export interface ScoreGroups {
  readonly id: string
  readonly title: string
  /** Name of the score as the rows have it, e.g. `mean of the reward`. */
  readonly score: string
  /** The group of the right or well-formed ones first. */
  readonly groups: readonly [ScoreGroup, ScoreGroup]
  /** Mean over prompts of the difference within a prompt: completions of one prompt are not independent. */
  readonly contrast: Measurement
  /** Welch's test on single completions, which takes them as independent. */
  readonly welch: Welch | undefined
}

export interface ScoreGroup {
  /** `correct` or `wrong`. */
  readonly key: "correct" | "wrong"
  readonly label: string
  readonly scores: ReadonlyArray<number>
}

const steps = 96

const histogram = (values: ReadonlyArray<number>, low: number, width: number, bins: number) => {
  const counts = new Array<number>(bins).fill(0)
  for (const value of values) counts[Math.min(bins - 1, Math.floor((value - low) / width))]! += 1
  return counts.map((count) => count / (values.length * width))
}

/** Densities of the score of two groups: histogram and kernel estimate of each, and the contrast within prompts. */
export const scoreDensity = ({ groups, ...of }: ScoreGroups, bins = 50): Figure => {
  const finite = groups.map(({ scores }) => scores.filter(Number.isFinite))
  const all = finite.flat()
  const low = all.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const high = all.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const width = (high - low || 1) / bins
  const at = Array.from({ length: steps + 1 }, (_, i) => low + (i / steps) * (high - low))
  const columns = groups.flatMap(({ key }, g) =>
    histogram(finite[g]!, low, width, finite[g]!.length === 0 ? 0 : bins).flatMap((height, b) =>
      height > 0 ? [{ series: key, lower: low + b * width, upper: low + (b + 1) * width, height }] : []
    )
  )
  const curves = groups.flatMap(({ key }, g): ReadonlyArray<Point> => {
    const density = kernelDensity(finite[g]!, at)
    return density === undefined ? [] : density.map((y, i) => ({ series: key, x: at[i]!, y }))
  })
  const left = groups.reduce((n, { scores }, g) => n + scores.length - finite[g]!.length, 0)
  const test = of.welch === undefined ? [] : [`Welch t = ${of.welch.t.toFixed(1)}, ${pText(of.welch.p)}`]
  const contrast = of.contrast._tag === "Estimate" ? formatMeasurement(of.contrast, "number") : "n/a"
  return {
    id: of.id,
    title: of.title,
    caption: [
      `Density of the score (${of.score}) of ${groups.map(({ label }, g) => counted(finite[g]!.length, `${label} completion`)).join(" and ")}`,
      `; bars: ${bins} bins, lines: Gaussian kernel, Scott's bandwidth; within prompts the two differ by `,
      formatMeasurement(of.contrast, "number"),
      of.contrast._tag === "Estimate" ? ` (${counted(of.contrast.n, "prompt")})` : "",
      of.welch === undefined
        ? ""
        : `; Welch's test takes completions as independent, which those of one prompt are not`,
      left > 0 ? `; ${counted(left, "completion")} without a finite score left out` : "",
      "."
    ].join(""),
    x: { label: of.score, format: "number" },
    y: { label: "density", format: "number" },
    series: paperSeries(groups.map(({ key, label }) => [key, label])),
    layers: [
      { _tag: "Columns", columns },
      { _tag: "Lines", interval: "none", points: curves },
      { _tag: "Note", lines: [`within prompts: ${contrast}`, ...test] }
    ],
    empty: "No completion has a score."
  }
}

const pText = (p: number): string => (p < 0.001 ? "p < .001" : `p = ${formatNumber(p, "number").replace(/^0/, "")}`)
