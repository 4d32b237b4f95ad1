import { Selectors } from "../../core/evaluation/index.ts"
import { TraceRegions, type TraceScore, TraceScores } from "../../core/result/index.ts"

/** A way from a row's rewards to one trace score. */
export interface TraceSelector {
  readonly name: string
  readonly score: TraceScore
}

/** Every selector, and the two that look at where the answer stands: its tokens twice, and nothing else. */
export const traceSelectors: ReadonlyArray<TraceSelector> = [
  ...Selectors.all.map((selector) => ({ name: selector.name, score: TraceScores.reward(selector) })),
  { name: "answerBoost(2)", score: TraceRegions.answerBoosted(2) },
  { name: "answerTokens", score: TraceRegions.answerOnly }
]

/** Published names that are written otherwise here. */
const aliases: Readonly<Record<string, string>> = { answer_boost2: "answerBoost" }

/** The selector of a name, without its usual parameter, or of a published one; `undefined` where there is none. */
export const traceSelector = (name: string): TraceSelector | undefined => {
  const known = aliases[name] ?? name
  return traceSelectors.find((one) => one.name === known || one.name.startsWith(`${known}(`))
}
