import type { JudgedToken, JudgedTrace } from "../learn/JudgedTrace.ts"
import { element } from "./element.ts"
import { reward } from "./numbers.ts"

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

const key = (side: string, text: string, value: string, meaning: string): HTMLElement =>
  element(
    "span",
    { class: "key" },
    element(
      "span",
      { class: `token ${side}`, style: "--share:45", "aria-hidden": "true" },
      element("span", { class: "text" }, text),
      element("span", { class: "value" }, value)
    ),
    element("span", {}, meaning)
  )

/** What colours, lines and outlines mean. */
export const legend = (): ReadonlyArray<Node> => [
  key("low", "9", "−2.0", "dashed, below 0: the expert would not write this"),
  key("high", "7", "+2.0", "solid, above 0: the expert would"),
  key("changed", "3", "0.0", "boxed: not in the expert's trace")
]
