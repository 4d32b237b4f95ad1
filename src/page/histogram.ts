import { counted, el, printed, svg } from "./dom.ts"
import type { Bin } from "./state.ts"

const [height, left, top, bottom] = [140, 4, 16, 18]

/** What a histogram tells: a range of scores was chosen, or none. */
type Chosen = (from: number | null, to: number | null) => void

/**
 * Counts of trace scores, wrong ones hatched below right ones; dragging or clicking chooses a range. The same range can be
 * typed into the two fields of the filter, so that no pointer is needed.
 */
export const drawHistogram = (
  place: HTMLElement,
  bins: ReadonlyArray<Bin>,
  range: { readonly from: number | null; readonly to: number | null },
  choose: Chosen
): void => {
  if (bins.length === 0) {
    place.replaceChildren(el("p", { class: "empty" }, "No rollout of these files has a score."))
    return
  }
  // Drawn at the width that it has, so that its text keeps its size.
  const width = Math.max(280, place.clientWidth)
  const [low, high] = [bins[0]!.lower, bins.at(-1)!.upper]
  const tallest = bins.reduce((most, { right, wrong, none }) => Math.max(most, right + wrong + none), 1)
  const x = (score: number) => left + ((score - low) / (high - low || 1)) * (width - 2 * left)
  const y = (count: number) => (count / tallest) * (height - top - bottom)
  const bar = (bin: Bin, from: number, count: number, kind: string) =>
    svg("rect", {
      x: x(bin.lower) + 0.5,
      width: Math.max(1, x(bin.upper) - x(bin.lower) - 1),
      y: height - bottom - y(from + count),
      height: y(count),
      class: kind
    })
  const chosen = (bin: Bin) =>
    (range.from === null || bin.upper > range.from) && (range.to === null || bin.lower <= range.to)
  const bars = bins.map((bin) =>
    svg(
      "g",
      { class: chosen(bin) ? "bin" : "bin out" },
      svg(
        "title",
        {},
        `${printed(bin.lower)} to ${printed(bin.upper)}: ${bin.right} right, ${bin.wrong} wrong${bin.none > 0 ? `, ${bin.none} without a verdict` : ""}`
      ),
      bar(bin, 0, bin.wrong, "wrong"),
      bar(bin, bin.wrong, bin.right, "right"),
      bar(bin, bin.wrong + bin.right, bin.none, "none")
    )
  )
  const ticks = [low, (low + high) / 2, high].map((score, i) =>
    svg(
      "text",
      { x: x(score), y: height - 4, "text-anchor": i === 0 ? "start" : i === 1 ? "middle" : "end" },
      printed(score)
    )
  )
  const total = bins.reduce((sum, { right, wrong, none }) => sum + right + wrong + none, 0)
  const drawing = svg(
    "svg",
    {
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": `Histogram of the scores of ${total} rollouts, from ${printed(low)} to ${printed(high)}. Drag to keep a range, or type it into the fields of the filter.`
    },
    svg(
      "defs",
      {},
      svg(
        "pattern",
        { id: "hatch", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
        svg("rect", { width: 5, height: 5, class: "ground" }),
        svg("line", { x1: 0, y1: 0, x2: 0, y2: 5, class: "stripe" })
      )
    ),
    svg("line", { x1: left, x2: width - left, y1: top, y2: top, class: "top" }),
    svg("text", { x: left, y: top - 5 }, counted(tallest, "rollout")),
    ...bars,
    svg("line", { x1: left, x2: width - left, y1: height - bottom, y2: height - bottom, class: "axis" }),
    ...ticks
  )
  const binAt = (event: PointerEvent): number => {
    const box = drawing.getBoundingClientRect()
    const at = (((event.clientX - box.left) / box.width) * width - left) / (width - 2 * left)
    return Math.max(0, Math.min(bins.length - 1, Math.floor(at * bins.length)))
  }
  let start: number | undefined
  drawing.addEventListener("pointerdown", (event) => {
    start = binAt(event)
    drawing.setPointerCapture(event.pointerId)
  })
  drawing.addEventListener("pointerup", (event) => {
    if (start === undefined) return
    const [a, b] = [start, binAt(event)].sort((p, q) => p - q)
    start = undefined
    choose(a === 0 ? null : bins[a!]!.lower, b === bins.length - 1 ? null : bins[b!]!.upper)
  })
  place.replaceChildren(drawing)
}
