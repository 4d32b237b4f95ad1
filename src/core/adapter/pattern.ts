import { Result } from "effect"
import { AdapterRejected } from "./AdapterRejected.ts"

/**
 * A regular expression that was written for Python. Named groups are spelt differently there; all else that names of
 * modules call for is the same.
 *
 * @param at the key that it stands in, for the error
 */
export const pattern = (at: string, source: string): Result.Result<RegExp, AdapterRejected> =>
  Result.try({
    try: () => new RegExp(source.replaceAll("(?P<", "(?<").replaceAll("\\Z", "$")),
    catch: (cause) =>
      new AdapterRejected({
        kind: "malformed",
        at,
        reason: `${JSON.stringify(source)} is no regular expression here: ${cause instanceof Error ? cause.message : String(cause)}`
      })
  })
