import type { TransferCell } from "../evaluation/index.ts"
import { columnWidth, type Drawing } from "./Drawing.ts"
import { intervalNote } from "./Figure.ts"
import { escapeMarkup } from "./markup.ts"
import { svgDocument } from "./svgDocument.ts"
import { light, type Theme } from "./Theme.ts"

const radius = 112
const node = 25
const centre = { x: columnWidth / 2, y: 176 } as const

interface Place {
  readonly x: number
  readonly y: number
}

const places = (n: number): ReadonlyArray<Place> =>
  Array.from({ length: n }, (_, i) => {
    const angle = -Math.PI / 2 + (2 * Math.PI * i) / n
    return { x: centre.x + radius * Math.cos(angle), y: centre.y + radius * Math.sin(angle) }
  })

/** `+3.2` or `−1.0` percentage points. */
const points = (gain: number): string => `${gain >= 0 ? "+" : "−"}${Math.abs(100 * gain).toFixed(1)}`

/** Width of an edge in px from a difference in percentage points, at most 9: a wider one would hide its neighbours. */
const widthOf = (gain: number): number => Math.min(9, 0.7 + 0.35 * Math.abs(100 * gain))

const fixed = (x: number): string => x.toFixed(1)

/** Whether 0 lies within the interval: the edge is then dashed, as its sign is not certain. */
const isOpen = (ci95: readonly [number, number]): boolean => ci95[0] <= 0 && ci95[1] >= 0

interface Edge {
  readonly arrow: string
  readonly label: string
}

const edge = (from: Place, to: Place, gain: number, ci95: readonly [number, number], theme: Theme): Edge => {
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const length = Math.hypot(dx, dy)
  const [ux, uy] = [dx / length, dy / length]
  // Edges there and back bend to their own left, so that they do not lie on each other.
  const bend = 22
  const control = { x: (from.x + to.x) / 2 + uy * bend, y: (from.y + to.y) / 2 - ux * bend }
  const toward = (place: Place, away: number): Place => {
    const [cx, cy] = [control.x - place.x, control.y - place.y]
    const l = Math.hypot(cx, cy)
    return { x: place.x + (cx / l) * away, y: place.y + (cy / l) * away }
  }
  const [start, tip, base] = [toward(from, node + 1), toward(to, node + 2), toward(to, node + 11)]
  const colour = theme.colour(gain >= 0 ? "blue" : "purple")
  const [ax, ay] = [(tip.x - base.x) / 9, (tip.y - base.y) / 9]
  const half = 2.5 + widthOf(gain) / 2
  const dash = isOpen(ci95) ? ' stroke-dasharray="5 3"' : ""
  // Nearer to the tail than to the middle, where edges cross.
  const t = 0.36
  const along = (a: number, b: number, c: number): number => (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t ** 2 * c
  const label = { x: along(from.x, control.x, to.x), y: along(from.y, control.y, to.y) }
  // Texts are wider than high: beside an upright edge they need more room.
  const aside = 8 + widthOf(gain) / 2 + 14 * Math.abs(uy)
  return {
    arrow:
      `<path d="M${fixed(start.x)},${fixed(start.y)}Q${fixed(control.x)},${fixed(control.y)},${fixed(base.x)},${fixed(base.y)}" fill="none" stroke="${colour}" stroke-width="${widthOf(gain).toFixed(2)}"${dash}/>` +
      `<path d="M${fixed(tip.x)},${fixed(tip.y)}L${fixed(base.x - ay * half)},${fixed(base.y + ax * half)}L${fixed(base.x + ay * half)},${fixed(base.y - ax * half)}Z" fill="${colour}"/>`,
    label: `<text x="${fixed(label.x + uy * aside)}" y="${fixed(label.y - ux * aside + 4)}" text-anchor="middle" fill="${theme.colour("ink")}" stroke="${theme.colour("surface")}" stroke-width="3" paint-order="stroke">${points(gain)}</text>`
  }
}

/**
 * What rewards do for policies of other data sets, for one kind of reward: an arrow from the reward's data set to the
 * policy's, as wide as the change in best-of-n, blue where it helps and purple where it harms, dashed where the interval
 * holds 0. The change on the own data set stands in the circle.
 */
export const transferGraph = (
  cells: ReadonlyArray<TransferCell>,
  of: { readonly id: string; readonly title: string; readonly n: number }
): Drawing => {
  const names = [...new Set(cells.flatMap(({ policy, reward }) => [reward, policy]))]
  const missing = cells.filter(({ gain }) => gain._tag === "NotAvailable").length
  const caption = `Change of best-of-${of.n} accuracy against the expected random pick, in percentage points, when completions for one data set (arrow's head) are ranked by a reward learned on another (arrow's tail); in circles: on the same. Blue: better, purple: worse, dashed: the interval holds 0 (${intervalNote}${missing > 0 ? `; ${missing} of ${cells.length} runs missing` : ""}).`
  return {
    id: of.id,
    title: of.title,
    caption,
    svg: (theme = light) => {
      const at = new Map(places(names.length).map((place, i) => [names[i]!, place]))
      const edges = cells.flatMap(({ policy, reward, gain }) =>
        gain._tag === "Estimate" && policy !== reward
          ? [edge(at.get(reward)!, at.get(policy)!, gain.value, gain.ci95, theme)]
          : []
      )
      const nodes = names.map((name) => {
        const { x, y } = at.get(name)!
        const own = cells.find(({ policy, reward }) => policy === name && reward === name)?.gain
        const value = own?._tag === "Estimate" ? points(own.value) : "n/a"
        const outer = y < centre.y - 1 ? y - node - 7 : y + node + 15
        return (
          `<circle cx="${fixed(x)}" cy="${fixed(y)}" r="${node}" fill="${theme.colour("surface")}" stroke="${theme.colour("ink")}" stroke-width="1.5"/>` +
          `<text x="${fixed(x)}" y="${fixed(y + 4)}" text-anchor="middle">${value}</text>` +
          `<text x="${fixed(x)}" y="${fixed(outer)}" text-anchor="middle" font-weight="600">${escapeMarkup(name)}</text>`
        )
      })
      const title = `<text x="4" y="18" font-size="15" font-weight="600">${escapeMarkup(of.title)}</text>`
      const height = centre.y + radius + node + 28
      // Texts come last, so that no later arrow runs through them.
      const markup = [title, ...edges.map(({ arrow }) => arrow), ...edges.map(({ label }) => label), ...nodes].join("")
      return svgDocument({ markup, width: columnWidth, height }, { title: of.title, caption }, theme)
    }
  }
}
