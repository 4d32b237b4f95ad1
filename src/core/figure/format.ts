import type { Measurement } from "../evaluation/index.ts"

/**
 * How a number is written: a share as per cent, a difference of shares in percentage points with its sign, a plain
 * number with three significant digits, or a whole number.
 */
export type NumberFormat = "percent" | "points" | "number" | "integer"

/** The number as readers see it: `71.3%`, `0.0421`, `1,500`; non-finite values as `n/a`. */
export const formatNumber = (value: number, format: NumberFormat): string => {
  if (!Number.isFinite(value)) return "n/a"
  switch (format) {
    case "percent":
      return `${trimSign((100 * value).toFixed(1))}%`
    case "points":
      return signed(trimSign((100 * value).toFixed(1)))
    case "integer":
      return Math.round(value).toLocaleString("en-GB")
    case "number":
      return significant(value)
  }
}

const signed = (text: string): string => (/^[1-9]|^0\.[1-9]/.test(text) ? `+${text}` : text)

/** Rounding may leave `-0.0`, which reads as a mistake. */
const trimSign = (text: string): string => (/^-0(\.0*)?$/.test(text) ? text.slice(1) : text)

const significant = (value: number): string => {
  const size = Math.abs(value)
  if (size === 0) return "0"
  if (size < 1e-4 || size >= 1e6) return value.toExponential(2)
  const digits = Math.max(0, 2 - Math.floor(Math.log10(size)))
  return value.toFixed(digits)
}

/** The 95% interval without its unit, `[68.0, 74.1]`. */
export const formatInterval = ([low, high]: readonly [number, number], format: NumberFormat): string =>
  `[${[low, high].map((x) => formatNumber(x, format).replace("%", "")).join(", ")}]`

/** Value and interval, `71.3% [68.0, 74.1]`, or `n/a (reason)`. */
export const formatMeasurement = (measurement: Measurement, format: NumberFormat): string =>
  measurement._tag === "Estimate"
    ? `${formatNumber(measurement.value, format)} ${formatInterval(measurement.ci95, format)}`
    : `n/a (${measurement.reason})`

/** Seconds as `48 s`, `4 min 12 s` or `2 h 05 min`. */
export const formatDuration = (seconds: number): string => {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`
}

/** Bytes as `512 MiB` or `1.43 GiB`. */
export const formatBytes = (bytes: number): string =>
  bytes < 2 ** 30 ? `${Math.round(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(2)} GiB`
