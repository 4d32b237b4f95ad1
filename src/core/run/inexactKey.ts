/**
 * The first place in a value that JSON text would not give back (NaN, an infinity, a bigint, an instance of a
 * class), with the reason; `undefined` when the value survives. Properties that are `undefined` count as absent.
 */
export const inexactKey = (
  value: unknown,
  key = "$"
): { readonly key: string; readonly reason: string } | undefined => {
  if (value === null || typeof value === "boolean" || typeof value === "string") return undefined
  if (typeof value === "number") {
    return Number.isFinite(value) ? undefined : { key, reason: `is ${value}, which JSON cannot hold` }
  }
  if (typeof value !== "object") return { key, reason: `is a ${typeof value}, which JSON cannot hold` }
  const prototype = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) {
    return { key, reason: `is a ${prototype.constructor.name}, which JSON cannot give back` }
  }
  for (const [name, item] of Object.entries(value)) {
    if (item === undefined && !Array.isArray(value)) continue
    const found = inexactKey(item, `${key}.${name}`)
    if (found !== undefined) return found
  }
  return undefined
}
