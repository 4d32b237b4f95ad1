import { palettes } from "./Theme.ts"

/** A colour as red, green and blue, each in 0..255. */
export type Rgb = readonly [red: number, green: number, blue: number]

const channels = (hex: string): Rgb => {
  const at = (i: number): number => Number.parseInt(hex.slice(i, i + 2), 16)
  return [at(1), at(3), at(5)]
}

const hexOf = (rgb: Rgb): string => `#${rgb.map((c) => Math.round(c).toString(16).padStart(2, "0")).join("")}`

const ends = { low: channels(palettes.print.low), high: channels(palettes.print.high) } as const

/** Where there is no value. */
export const neutral = "#d9dbdf"

/**
 * From a place in [-1, 1] to a colour: red at -1, white at 0, blue at 1, the same on light and dark pages. A reader
 * whose sight merges the ends still sees how far a value is from 0; the sign must stand beside it.
 */
export const diverging = (at: number): string => {
  const share = Math.min(1, Math.abs(at))
  const [r, g, b] = at < 0 ? ends.low : ends.high
  return hexOf([255 + (r - 255) * share, 255 + (g - 255) * share, 255 + (b - 255) * share])
}

const linear = (c: number): number => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4)

/** Relative luminance of a colour, 0 for black and 1 for white. @see WCAG 2.2 */
export const luminance = (hex: string): number => {
  const [r, g, b] = channels(hex)
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

/** Black or white, whichever has the greater contrast on the colour. */
export const textOn = (hex: string): "#ffffff" | "#1b1f24" => {
  const l = luminance(hex) + 0.05
  return 1.05 / l > l / (luminance("#1b1f24") + 0.05) ? "#ffffff" : "#1b1f24"
}
