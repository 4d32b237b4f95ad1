import { alignTokens, type TokenAlignment } from "./alignTokens.ts"
import { columnWidth, type Drawing, panels } from "./Drawing.ts"
import { excerptsOf } from "./excerpt.ts"
import { excerptBox } from "./excerptBox.ts"
import { counted, type Figure, type Layer, type Point } from "./Figure.ts"
import { paperSeries } from "./looks.ts"
import type { HeatmapToken } from "./tokenHeatmap.ts"

/** A clean trace and the same trace with an error, in the tokens and by the values of one critic. */
export interface TriptychPanel {
  readonly critic: string
  /** What its values are, for the axis. */
  readonly y: string
  readonly clean: ReadonlyArray<HeatmapToken>
  readonly perturbed: ReadonlyArray<HeatmapToken>
}

/** The two traces, and what each critic makes of them. */
export interface Triptych {
  readonly id: string
  readonly title: string
  readonly clean: string
  readonly perturbed: string
  readonly panels: ReadonlyArray<TriptychPanel>
  /** What was done to the values, e.g. `as scored`. */
  readonly reading: string
}

/** The value at a share of a sorted list, the nearest one. */
const quantile = (sorted: ReadonlyArray<number>, q: number): number => sorted[Math.round(q * (sorted.length - 1))] ?? 0

const line = (
  series: string,
  tokens: ReadonlyArray<HeatmapToken>,
  columns: ReadonlyArray<number>,
  [low, high]: readonly [number, number]
): ReadonlyArray<Point> =>
  tokens.flatMap(({ value }, t) =>
    value === null ? [] : [{ series, x: columns[t]!, y: Math.max(low, Math.min(high, value)) }]
  )

/** Lines at this many neighbouring places can still be told apart. */
const apart = 2

/** Upright lines at changed places; a long run of them would hide the values, so it is shaded between its ends. */
const changes = (changed: ReadonlyArray<number>): ReadonlyArray<Layer> => {
  const ends = changed.filter((x, i) => changed[i + 1] !== x + 1)
  const starts = changed.filter((x, i) => changed[i - 1] !== x - 1)
  return starts.flatMap((from, r): ReadonlyArray<Layer> => {
    const to = ends[r]!
    return to - from < apart
      ? [...new Set([from, to])].map((x) => ({ _tag: "Upright", x, label: "" }))
      : [{ _tag: "Span", from, to }]
  })
}

const series = paperSeries([
  ["clean", "clean"],
  ["perturbed", "with an error"]
])

const panelOf = (panel: TriptychPanel, at: TokenAlignment, isLast: boolean): Figure => {
  const values = [...panel.clean, ...panel.perturbed].flatMap(({ value }) => value ?? []).sort((a, b) => a - b)
  const range = [quantile(values, 0.01), quantile(values, 0.99)] as const
  const [low, high] = range[0] < range[1] ? range : [range[0] - 0.5, range[0] + 0.5]
  const air = 0.05 * (high - low)
  const columns = 1 + [...at.cleanColumns, ...at.perturbedColumns].reduce((a, b) => Math.max(a, b), 0)
  return {
    id: panel.critic,
    title: panel.critic,
    caption: "",
    x: { label: isLast ? "token" : "", format: "integer", domain: [0, Math.max(1, columns - 1)] },
    y: { label: panel.y, format: "number", domain: [low - air, high + air] },
    series,
    layers: [
      ...changes(at.changed),
      {
        _tag: "Lines",
        interval: "none",
        points: [
          ...line("clean", panel.clean, at.cleanColumns, [low, high]),
          ...line("perturbed", panel.perturbed, at.perturbedColumns, [low, high])
        ]
      }
    ],
    empty: "No token has a value."
  }
}

const sizes = (panels: ReadonlyArray<TriptychPanel>, of: "clean" | "perturbed"): string => {
  const all = [...new Set(panels.map((panel) => panel[of].length))]
  return all.length === 1 ? counted(all[0]!, "token") : `${Math.min(...all)} to ${counted(Math.max(...all), "token")}`
}

/**
 * Values of a clean and a changed trace, token by token, one panel a critic, aligned so that equal tokens share a
 * place; upright lines mark what was changed, and the words around it stand above.
 */
export const triptych = (of: Triptych): Drawing => {
  const aligned = of.panels.map((panel) =>
    alignTokens(
      panel.clean.map(({ text }) => text),
      panel.perturbed.map(({ text }) => text)
    )
  )
  const figures = of.panels.map((panel, p) => panelOf(panel, aligned[p]!, p === of.panels.length - 1))
  const changed = [...new Set(aligned.map((at) => at.changed.length))]
  const caption = `Values (${of.reading}) of a clean trace of ${sizes(of.panels, "clean")} and of the same trace with an error, of ${sizes(of.panels, "perturbed")}, aligned so that equal tokens share a place; upright lines, shaded between them where they are many: ${changed.map((n) => counted(n, "changed token")).join(" or ")}; vertical range: 1st to 99th percentile, values outside it lie on its edge.`
  return panels({ id: of.id, title: of.title, caption }, figures, {
    width: columnWidth,
    height: 132,
    above: excerptsOf(of.clean, of.perturbed).map(
      (words, side) => (theme) => excerptBox(words, series[side]!, { width: columnWidth, theme })
    )
  })
}
