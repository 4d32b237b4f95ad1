import { describe, type HeatStrip, lowestSteps } from "./HeatStrip.ts"
import { escapeMarkup } from "./markup.ts"
import { position, printed, visible } from "./strip/index.ts"
import { fonts, light, type Theme } from "./Theme.ts"
import { wrapped } from "./wrapped.ts"

const advance = 7.3
const lineHeight = 21
const left = 40
const right = 76

interface Placed {
  readonly text: string
  readonly value: number | null
  readonly x: number
  readonly line: number
}

/** Tokens set in a fixed-width font; a token longer than a line is broken, so that nothing is cut off. */
const place = (step: HeatStrip["steps"][number], columns: number): ReadonlyArray<Placed> => {
  const placed: Array<Placed> = []
  let column = 0
  let line = 0
  for (const { text, value } of step.tokens) {
    let rest = Array.from(visible(text))
    while (rest.length > 0) {
      if (column > 0 && column + rest.length > columns) {
        column = 0
        line += 1
      }
      const piece = rest.slice(0, columns - column)
      placed.push({ text: piece.join(""), value, x: left + column * advance, line })
      column += piece.length
      rest = rest.slice(piece.length)
    }
  }
  return placed
}

/** The picture of `heatStripHtml` as one self-contained SVG document, for papers and slides. */
export const heatStripSvg = (
  strip: HeatStrip,
  { theme = light, width = 720 }: { readonly theme?: Theme; readonly width?: number } = {}
): string => {
  const parts: Array<string> = []
  const write = (x: number, y: number, text: string, extra = "") =>
    parts.push(`<text x="${x.toFixed(1)}" y="${y}" ${extra}>${escapeMarkup(text)}</text>`)
  const outcome = strip.isCorrect ? "✓ Right trace" : "✗ Wrong trace"
  write(12, 24, `${outcome}, ${strip.title}`, 'font-size="15" font-weight="600"')
  let y = 46
  for (const line of wrapped(strip.prompt, Math.floor((width - 24) / 6.6))) {
    write(12, y, line, `fill="${theme.colour("muted")}"`)
    y += 17
  }
  const lowest = lowestSteps(strip)
  const columns = Math.floor((width - left - right) / advance)
  for (const [s, step] of strip.steps.entries()) {
    const tokens = place(step, columns)
    const lines = 1 + (tokens.at(-1)?.line ?? 0)
    const isWrong = s === strip.firstWrongStep
    const flags = [isWrong ? "▲ true first wrong step" : "", lowest.includes(s) ? "lowest reward" : ""].filter(Boolean)
    const height = lines * lineHeight + (flags.length > 0 ? 16 : 0) + 10
    parts.push(`<path d="M12,${y}H${width - 12}" stroke="${theme.colour("rule")}"/>`)
    if (isWrong)
      parts.push(`<rect x="12" y="${y + 1}" width="4" height="${height - 2}" fill="${theme.colour("low")}"/>`)
    write(32, y + 20, String(s + 1), `text-anchor="end" fill="${theme.colour("muted")}"`)
    for (const one of tokens) {
      const at = position(strip, one.value)
      const [w, top] = [Array.from(one.text).length * advance, y + 6 + one.line * lineHeight]
      const hue = theme.colour(at < 0 ? "low" : "high")
      const title = one.value === null ? "no reward" : `reward ${printed(one.value)}`
      const x = one.x.toFixed(1)
      parts.push(
        `<g><title>${title}</title><rect x="${x}" y="${top}" width="${w.toFixed(1)}" height="18" rx="2" fill="${hue}" fill-opacity="${(0.6 * Math.abs(at)).toFixed(2)}"/>`,
        at === 0
          ? ""
          : `<path d="M${x},${top + 18}h${w.toFixed(1)}" stroke="${hue}" stroke-width="2" stroke-opacity="${Math.min(1, Math.abs(at)).toFixed(2)}"${at < 0 ? ' stroke-dasharray="3 2"' : ""}/>`,
        `<text class="rf-code" x="${x}" y="${top + 13}" textLength="${w.toFixed(1)}">${escapeMarkup(one.text)}</text></g>`
      )
    }
    if (step.value !== null) write(width - 16, y + 20, printed(step.value), 'text-anchor="end"')
    if (flags.length > 0) write(left, y + 20 + lines * lineHeight, flags.join(" · "), 'font-size="11"')
    y += height
  }
  if (strip.steps.length === 0) {
    y += 8
    write(12, y, "This trace has no tokens.")
  }
  const height = y + 14
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="rf-strip" role="img" aria-label="${escapeMarkup(describe(strip))}"`,
    ` viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="${escapeMarkup(fonts.text)}"`,
    ` font-size="12" fill="${theme.colour("ink")}">`,
    `<style>.rf-strip text{white-space:pre}.rf-strip .rf-code{font-family:${escapeMarkup(fonts.code)}}</style>`,
    theme.name === "embedded" ? "" : `<rect width="${width}" height="${height}" fill="${theme.colour("surface")}"/>`,
    parts.join(""),
    "</svg>"
  ].join("")
}
