import { readFileSync } from "node:fs"

/** Version of this package, as in its package.json. */
export const version = (): string => {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8")
  const parsed: unknown = JSON.parse(text)
  return typeof parsed === "object" && parsed !== null && "version" in parsed ? String(parsed.version) : "unknown"
}
