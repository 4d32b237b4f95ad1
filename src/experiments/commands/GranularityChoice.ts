import { Result } from "effect"

/** A reward granularity as named on the command line. */
export type GranularityChoice =
  | { readonly _tag: "sparse" }
  | { readonly _tag: "stepwise" }
  | { readonly _tag: "interval"; readonly tokens: number }
  | { readonly _tag: "dense" }

/** Reads `sparse`, `stepwise`, `interval:N` or `dense`; fails with what was expected. */
export const parseGranularity = (text: string): Result.Result<GranularityChoice, string> => {
  if (text === "sparse" || text === "stepwise" || text === "dense") return Result.succeed({ _tag: text })
  const tokens = /^interval:([1-9]\d*)$/.exec(text)?.[1]
  if (tokens !== undefined) return Result.succeed({ _tag: "interval", tokens: Number(tokens) })
  return Result.fail("Expected sparse, stepwise, interval:N with N tokens of at least 1, or dense")
}

/** The name of the granularity that it means; steps end by this rule. */
export const granularityName = (choice: GranularityChoice, stepRule: string): string => {
  switch (choice._tag) {
    case "stepwise":
      return `stepwise(${stepRule})`
    case "interval":
      return `interval(${choice.tokens})`
    default:
      return choice._tag
  }
}
