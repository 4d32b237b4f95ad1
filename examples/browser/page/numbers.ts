/** A reward as printed: signed, one decimal, with a minus that stands as wide as a plus. */
export const reward = (value: number): string => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`

/** A share as printed. */
export const percent = (share: number): string => `${(100 * share).toFixed(0)}%`
