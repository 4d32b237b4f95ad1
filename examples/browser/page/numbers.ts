/** A reward as printed: signed, one decimal, with a minus that stands as wide as a plus. */
export const reward = (value: number): string => {
  const digits = Math.abs(value).toFixed(1)
  return digits === "0.0" ? digits : `${value < 0 ? "−" : "+"}${digits}`
}

/** A share as printed. */
export const percent = (share: number): string => `${(100 * share).toFixed(0)}%`
