import type { ConfigDifference } from "./errors.ts"
import type { Json } from "./Stage.ts"

type JsonObject = { readonly [key: string]: Json }

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * The keys at which two configurations differ, as dotted paths in sorted order, e.g. `policy.layers`.
 * Lists are compared as a whole; a key that one side lacks differs from one that is null.
 */
export const configDifferences = (
  before: Json | undefined,
  now: Json | undefined,
  key = ""
): ReadonlyArray<ConfigDifference> => {
  if (isObject(before) && isObject(now)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort()
    return keys.flatMap((k) => configDifferences(before[k], now[k], key === "" ? k : `${key}.${k}`))
  }
  return canonical(before) === canonical(now) ? [] : [{ key: key === "" ? "(all)" : key, before, now }]
}

/** JSON with sorted keys: equal for equal values, whatever order they were built in. */
const canonical = (value: Json | undefined): string => {
  if (value === undefined) return "absent"
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`
  if (!isObject(value)) return JSON.stringify(value)
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
  return `{${entries.join(",")}}`
}
