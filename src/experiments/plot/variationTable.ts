import type { Table } from "../../core/figure/index.ts"
import type { RunResults } from "./RunResults.ts"
import { integer, percent, text } from "./runGrid.ts"

const columns = [
  [integer("traces"), "traces"],
  [integer("leftOut", "left out"), "leftOut"],
  [text("tokens"), "tokens"],
  [text("range"), "range"],
  [text("std", "σ"), "std"],
  [text("meanAbsDelta", "mean |Δ|"), "meanAbsDelta"],
  [percent("changed", "neighbours differ"), "changed"],
  [text("unique", "values"), "unique"],
  [percent("nonFlat", "not flat"), "nonFlat"],
  [percent("interiorNonFlat", "not flat before the end"), "interiorNonFlat"],
  [percent("flatUntilLast", "flat until the end"), "flatUntilLast"],
  [percent("prefixRangeShare", "range before the end"), "prefixRangeShare"],
  [percent("finalJumpShare", "last step of all change"), "finalJumpShare"]
] as const

/** How much token rewards vary within a trace, over all tokens and within the reasoning. */
export const variationTable = (run: RunResults): Table => {
  const found = run.methods.airl?.variation
  return {
    id: "dense_reward_variation_stats",
    title: `How much token rewards vary, ${run.label}`,
    caption:
      "Means over traces of what the rewards of one trace do, over all tokens and within the reasoning; a dense reward that is flat until the end is none. Traces with fewer than two rewards there are left out.",
    columns: [text("tokensOf", "tokens of"), ...columns.map(([column]) => column)],
    rows: (["all", "think"] as const).map((region) => {
      const own = found?.[region]
      return [
        region === "all" ? "the trace" : "the reasoning",
        ...columns.map(([, key]) =>
          key === "traces" || key === "leftOut" ? (own?.[key] ?? null) : (own?.means[key] ?? null)
        )
      ]
    })
  }
}
