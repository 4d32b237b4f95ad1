import type { Json } from "../../core/run/index.ts"

/** A value as JSON for `config.yaml`: functions are left out, so a value with functions is known by its name. */
export const configuration = (value: unknown): Json => {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value)
  if (Array.isArray(value)) return value.map(configuration)
  if (typeof value === "object")
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, v]) => (typeof v === "function" ? [] : [[key, configuration(v)]]))
    )
  return String(value)
}

/** Leaves of a JSON value as `a.b: value`, for a table of settings. */
export const settings = (value: Json, prefix = ""): ReadonlyArray<{ readonly key: string; readonly value: string }> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, v]) => settings(v, prefix === "" ? key : `${prefix}.${key}`))
    : [{ key: prefix, value: typeof value === "string" ? value : JSON.stringify(value) }]
