/** The middle of a colour scale, and the distance from it at which colours are full. */
export interface TintScale {
  readonly mean: number
  readonly scale: number
}

/** Where a value stands between the ends of the scale, in [-1, 1]; 0 in the middle or without a value. */
export const position = ({ mean, scale }: TintScale, value: number | null): number =>
  value === null || scale <= 0 ? 0 : Math.max(-1, Math.min(1, (value - mean) / scale))

/** The class and the style of a token there: at most 60% of the hue, which leaves its text 4.5 to 1 on both surfaces. */
export const tint = (at: number): { readonly side: "low" | "high" | ""; readonly style: string } => ({
  side: at < 0 ? "low" : at > 0 ? "high" : "",
  style: `--a:${(60 * Math.abs(at)).toFixed(0)}`
})

/** Places of the lowest values; none when no value is there, or when all are equal and none stands out. */
export const lowest = (values: ReadonlyArray<number | null>): ReadonlyArray<number> => {
  const finite = values.flatMap((value) => value ?? [])
  const low = finite.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const places = values.flatMap((value, s) => (value === low ? [s] : []))
  return finite.length > 1 && places.length === finite.length ? [] : places
}

/** A reward as printed beside its step: two decimals with a true minus, so that steps line up. */
export const printed = (value: number): string =>
  (Math.abs(value) < 1000 ? value.toFixed(2) : value.toExponential(2)).replace(/^-(0\.00)$/, "$1").replace("-", "−")

/** Line breaks made visible, so that a token of white space is not invisible. */
export const visible = (text: string): string => text.replace(/\r?\n/g, "↵")
