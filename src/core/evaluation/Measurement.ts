import { Schema } from "effect"

/**
 * What a metric returns: a value with a 95% interval and the number of independent units behind it
 * (prompts or seeds), or the reason why there is none. A metric never returns NaN and never a silent 0.
 */
export const Measurement = Schema.TaggedUnion({
  Estimate: {
    value: Schema.Finite,
    /** Lower and upper end of the 95% interval, lower first. */
    ci95: Schema.Tuple([Schema.Finite, Schema.Finite]),
    n: Schema.Int
  },
  NotAvailable: { reason: Schema.String }
})

export type Measurement = typeof Measurement.Type
export type Estimate = Extract<Measurement, { readonly _tag: "Estimate" }>
export type NotAvailable = Extract<Measurement, { readonly _tag: "NotAvailable" }>

/** A measured value; its numbers must be finite. */
export const estimate = (value: number, ci95: readonly [number, number], n: number): Estimate => ({
  _tag: "Estimate",
  value,
  ci95,
  n
})

/** No value, and why. The reason is a sentence fragment that a table can print. */
export const notAvailable = (reason: string): NotAvailable => ({ _tag: "NotAvailable", reason })

/** Whether there is a value. */
export const isEstimate = (measurement: Measurement): measurement is Estimate => measurement._tag === "Estimate"

/** The value, or `undefined` where there is none. */
export const value = (measurement: Measurement): number | undefined =>
  isEstimate(measurement) ? measurement.value : undefined

/** Whether the whole 95% interval lies above a threshold (0 for a difference). */
export const exceeds = (measurement: Measurement, threshold: number): boolean =>
  isEstimate(measurement) && measurement.ci95[0] > threshold

/** Whether the whole 95% interval lies below a threshold (0 for a difference). */
export const fallsBelow = (measurement: Measurement, threshold: number): boolean =>
  isEstimate(measurement) && measurement.ci95[1] < threshold
