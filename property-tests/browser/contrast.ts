import type { Page } from "playwright-core"

/** Text of a page that is hard to read: its words, its contrast, and the least that WCAG AA asks for. */
export interface Faint {
  readonly text: string
  readonly contrast: number
  readonly least: number
}

/**
 * Runs in the page, which is why it is text. Colours are painted over one another on a canvas, so that mixed and
 * transparent ones count as they look. Disabled controls are left out, as WCAG does.
 */
const measureContrast = `(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true })
  const painted = (colours) => {
    canvas.clearRect(0, 0, 1, 1)
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1) }
    return canvas.getImageData(0, 0, 1, 1).data
  }
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const faint = []
  for (const element of document.body.querySelectorAll("*")) {
    const text = [...element.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.trim()).join("")
    if (text === "" || element.closest("svg, :disabled, [hidden], .skip, option")) continue
    const behind = []
    for (let at = element; at !== null; at = at.parentElement) behind.unshift(getComputedStyle(at).backgroundColor)
    const style = getComputedStyle(element)
    const [a, b] = [painted(["white", ...behind]), painted(["white", ...behind, style.color])].map(luminance)
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    const least = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && style.fontWeight >= 700) ? 3 : 4.5
    if (contrast < least) faint.push({ text, contrast, least })
  }
  return faint
})()`

/** Texts with less contrast than WCAG AA asks for. */
export const faintTexts = (page: Page): Promise<ReadonlyArray<Faint>> => page.evaluate(measureContrast)
