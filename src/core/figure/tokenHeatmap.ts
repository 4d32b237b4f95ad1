import { diverging, neutral, textOn } from "./colourMap.ts"
import { columnWidth, type Drawing } from "./Drawing.ts"
import { escapeMarkup } from "./markup.ts"
import { svgDocument } from "./svgDocument.ts"
import { fonts, light, type Theme } from "./Theme.ts"
import { cutAtColumns, textColumns } from "./textColumns.ts"
import { wrapped } from "./wrapped.ts"

/** A token as printed, and its reward; `null` where it has none. */
export interface HeatmapToken {
  readonly text: string
  readonly value: number | null
}

/** A completion as a heatmap of its tokens. */
export interface TokenHeatmap {
  readonly id: string
  readonly title: string
  readonly caption: string
  readonly question: string
  readonly tokens: ReadonlyArray<HeatmapToken>
  /** Mean reward of the run: white. */
  readonly mean: number
  /** Largest distance from the mean over all traces shown together: the ends of the colour bar. */
  readonly scale: number
}

const fontSize = 11.5
const advance = 6.93
const line = 21
const margin = 8
/** Between words, and between the tokens of one word, in px. */
const gaps = { word: 10, within: 1 } as const
const width = columnWidth
const limit = 0.96 * width

/** Share of the scale below which a value is too near the mean to be marked. */
const visibleShare = 0.1

const isTag = (text: string): boolean => /^\s*<\/?[\w|]+\|?>\s*$/.test(text)
const isEndOfTurn = (text: string): boolean =>
  /^<\|?(?:im_end|endoftext|eot_id|end_of_turn|end_of_text|eos)\|?>$|^<\/s>$/.test(text.trim())

/** A pill on the page. */
export interface Pill extends HeatmapToken {
  readonly x: number
  readonly row: number
}

/**
 * Pills from left to right: a space before a token is a gap between words, a newline starts a row, a token longer than
 * a row is broken, the end-of-turn token is not shown.
 */
export const pillsOf = (tokens: ReadonlyArray<HeatmapToken>): ReadonlyArray<Pill> => {
  const pills: Array<Pill> = []
  let x: number = margin
  let row = 0
  for (const { text, value } of tokens) {
    if (isEndOfTurn(text)) continue
    const pieces = text.split(/(\n)/)
    for (const piece of pieces) {
      if (piece === "\n") {
        row += 1
        x = margin
        continue
      }
      const word = piece.trim()
      if (word === "") continue
      if (x > margin) x += /^\s/.test(piece) ? gaps.word - gaps.within : 0
      for (const part of cutAtColumns(word, Math.floor((limit - margin) / advance))) {
        const width = textColumns(part) * advance
        if (x > margin && x + width > limit) {
          row += 1
          x = margin
        }
        pills.push({ text: part, value, x, row })
        x += width + gaps.within
      }
    }
  }
  return pills
}

const signed = (value: number): string => `${value > 0 ? "+" : ""}${value.toPrecision(2)}`.replace("-", "−")

/** The bar that says which colour is which value, in steps small enough to look smooth. */
const colourBar = (scale: number, y: number, theme: Theme): string => {
  const [left, length, steps] = [width - 176, 120, 40]
  const cells = Array.from({ length: steps }, (_, i) => {
    const fill = diverging((2 * (i + 0.5)) / steps - 1)
    return `<rect x="${left + (i * length) / steps}" y="${y}" width="${length / steps + 0.3}" height="9" fill="${fill}"/>`
  })
  const text = (x: number, anchor: string, value: string) =>
    `<text x="${x}" y="${y + 9}" font-size="11" text-anchor="${anchor}" fill="${theme.colour("muted")}">${value}</text>`
  const dashed = `<text x="${margin}" y="${y + 9}" font-size="11" fill="${theme.colour("muted")}">dashes: below the mean</text>`
  return [
    ...cells,
    dashed,
    text(left - 5, "end", signed(-scale)),
    text(left + length + 5, "start", signed(scale))
  ].join("")
}

const pillMarkup = (pill: Pill, { mean, scale }: TokenHeatmap, top: number, theme: Theme): string => {
  const w = (textColumns(pill.text) * advance).toFixed(1)
  const y = top + pill.row * line
  const at = pill.value === null || scale <= 0 ? 0 : (pill.value - mean) / scale
  const fill = isTag(pill.text) ? neutral : diverging(at)
  const x = pill.x.toFixed(1)
  // A reader without colours sees the sign in the line below.
  const below =
    at <= -visibleShare && !isTag(pill.text)
      ? `<path d="M${x},${y + 18.6}h${w}" stroke="${theme.colour("low")}" stroke-width="1.5" stroke-dasharray="3 2"/>`
      : ""
  const title = pill.value === null ? "no reward" : `${signed(pill.value - mean)} from the mean`
  return (
    `<g><title>${title}</title><rect x="${x}" y="${y}" width="${w}" height="17" rx="4" fill="${fill}" stroke="${theme.colour("rule")}" stroke-width="0.5"/>${below}` +
    `<text class="rf-code" font-family="${escapeMarkup(fonts.code)}" font-size="${fontSize}" x="${x}" y="${y + 12.5}" textLength="${w}" fill="${textOn(fill)}">${escapeMarkup(pill.text)}</text></g>`
  )
}

/** A completion as coloured pills, red below the run's mean and blue above, under its question. */
export const tokenHeatmap = (map: TokenHeatmap): Drawing => ({
  id: map.id,
  title: map.title,
  caption: map.caption,
  svg: (theme = light) => {
    const parts: Array<string> = []
    const write = (y: number, text: string, extra: string) =>
      parts.push(`<text x="${margin}" y="${y}" ${extra}>${escapeMarkup(text)}</text>`)
    const heading = 'font-weight="600"'
    let y = 18
    for (const row of wrapped(map.title, 48)) {
      write(y, row, `font-size="13" ${heading}`)
      y += 17
    }
    y += 4
    write(y, "Question:", heading)
    for (const row of wrapped(map.question, 56)) {
      y += 16
      write(y, row, `fill="${theme.colour("muted")}"`)
    }
    y += 26
    write(y, "Reasoning + Answer:", heading)
    const pills = pillsOf(map.tokens)
    const top = y + 9
    for (const pill of pills) parts.push(pillMarkup(pill, map, top, theme))
    if (pills.length === 0) write(top + 12, "This completion has no tokens.", `fill="${theme.colour("muted")}"`)
    const foot = top + (pills.at(-1)?.row ?? 0) * line + 30
    parts.push(colourBar(map.scale, foot, theme))
    return svgDocument({ markup: parts.join(""), width, height: foot + 18 }, map, theme)
  }
})
