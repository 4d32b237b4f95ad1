import type { JudgedToken, JudgedTrace } from "../learn/JudgedTrace.ts"
import { element } from "./element.ts"
import { reward } from "./numbers.ts"

/** The tokens of a trace that another one does not have: from the first difference to the last. */
export const changedTokens = (trace: JudgedTrace, original: JudgedTrace): ReadonlySet<number> => {
  const [own, other] = [trace, original].map(({ steps }) => steps.flat().map(({ text }) => text)) as [
    string[],
    string[]
  ]
  const shorter = Math.min(own.length, other.length)
  let start = 0
  while (start < shorter && own[start] === other[start]) start++
  let same = 0
  while (same < shorter - start && own[own.length - 1 - same] === other[other.length - 1 - same]) same++
  return new Set(Array.from({ length: own.length - same - start }, (_, k) => start + k))
}

/** The largest distance from 0: the ends of the colour scale, the same for all traces shown. */
export const scaleOf = (traces: ReadonlyArray<JudgedTrace>): number =>
  traces.flatMap(({ steps }) => steps.flat()).reduce((scale, token) => Math.max(scale, Math.abs(token.reward)), 1)

/** White space made visible; a space before a word goes without saying. */
const visible = (text: string): string => (text.includes("\n") ? text.replaceAll("\n", "↵") : text.trim())

const tokenOf = (token: JudgedToken, scale: number, isChanged: boolean): HTMLElement => {
  const side = token.reward < 0 ? "low" : "high"
  // At most 60% of the hue, which leaves the text a contrast of at least 4.5 to 1 on both surfaces.
  const share = (60 * Math.min(1, Math.abs(token.reward) / scale)).toFixed(0)
  const made = element(
    "span",
    { class: `token ${side}${isChanged ? " changed" : ""}`, style: `--share:${share}` },
    element("span", { class: "text" }, visible(token.text)),
    element("span", { class: "value" }, reward(token.reward))
  )
  if (isChanged) made.title = "not in the expert's trace"
  return made
}

/** A trace a step a row: each token with its reward in print, underlined below 0 and tinted either side of it. */
export const strip = (
  title: string,
  trace: JudgedTrace,
  options: { readonly scale: number; readonly changed: ReadonlySet<number> }
): HTMLElement => {
  let at = 0
  const rows = trace.steps.map((tokens, s) => {
    const isWrong = s === trace.firstWrongStep
    const cells = tokens.map((token) => tokenOf(token, options.scale, options.changed.has(at++)))
    const flag = isWrong ? [element("span", { class: "flag" }, "first wrong step")] : []
    return element(
      "li",
      isWrong ? { class: "wrong" } : {},
      element("span", { class: "step" }, `Step ${s + 1}`, ...flag),
      element("span", { class: "tokens" }, ...cells)
    )
  })
  const verdict =
    trace.firstWrongStep === undefined ? "✓ every step is right" : `✗ step ${trace.firstWrongStep + 1} is wrong`
  return element(
    "figure",
    { class: "card strip" },
    element("figcaption", {}, element("strong", {}, title), element("span", { class: "verdict" }, verdict)),
    element("ol", {}, ...rows)
  )
}

/** What colours, lines and outlines mean. */
export const legend = (): ReadonlyArray<Node> => [
  element(
    "span",
    { class: "token low", style: "--share:45" },
    element("span", { class: "text" }, "9"),
    element("span", { class: "value" }, "−2.0")
  ),
  element("span", {}, "dashed line, below 0: the expert would not write this"),
  element(
    "span",
    { class: "token high", style: "--share:45" },
    element("span", { class: "text" }, "7"),
    element("span", { class: "value" }, "+2.0")
  ),
  element("span", {}, "solid line, above 0: the expert would"),
  element(
    "span",
    { class: "token changed", style: "--share:0" },
    element("span", { class: "text" }, "3"),
    element("span", { class: "value" }, "")
  ),
  element("span", {}, "boxed: not in the expert's trace")
]
