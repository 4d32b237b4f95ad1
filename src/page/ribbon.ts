import type { TintScale } from "../core/figure/strip/index.ts"
import { svg } from "./dom.ts"
import { heights } from "./state.ts"

/** Half the height of the drawing, in its own units. */
const half = 10

const bars = (all: ReadonlyArray<number>, isOf: (at: number) => boolean): string =>
  all.map((at, place) => (isOf(at) ? `M${place},${half}h1v${(-half * at).toFixed(2)}h-1z` : "")).join("")

/** A whole trace at a glance: a bar a token, up for higher and down for lower than the middle, the ends of steps as lines. */
export const ribbon = (
  values: ReadonlyArray<number | null>,
  ends: ReadonlyArray<number>,
  scale: TintScale,
  label: string
): SVGElement => {
  const all = heights(values, scale, 800)
  const width = Math.max(1, all.length)
  const at = (end: number): string => (((end + 1) * width) / Math.max(1, values.length)).toFixed(2)
  return svg(
    "svg",
    {
      class: "ribbon",
      role: "img",
      "aria-label": label,
      viewBox: `0 0 ${width} ${2 * half}`,
      preserveAspectRatio: "none"
    },
    ...ends.map((end) => svg("line", { class: "tick", x1: at(end), x2: at(end), y1: 0, y2: 2 * half })),
    svg("line", { x1: 0, x2: width, y1: half, y2: half }),
    svg("path", { class: "high", d: bars(all, (x) => x > 0) }),
    svg("path", { class: "low", d: bars(all, (x) => x < 0) })
  )
}
