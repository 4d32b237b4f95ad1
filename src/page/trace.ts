import type { PackedIndex, PackedTrace } from "../core/explorer/index.ts"
import { el, printed, verdictText } from "./dom.ts"
import { parted, unchanged } from "./state.ts"

/** Token rewards or log-probabilities. */
export type Signal = "rewards" | "logProbs"

interface Scale {
  readonly mean: number
  readonly scale: number
}

interface Token {
  readonly text: string
  readonly value: number | null
  readonly changed: boolean
}

/** The texts of the tokens; a text whose tokens are unknown is one token. */
export const textsOf = ({ text, starts }: PackedTrace): ReadonlyArray<string> =>
  starts.length === 0 ? [text] : starts.map((start, t) => text.slice(start, starts[t + 1] ?? text.length))

const mean = (values: ReadonlyArray<number>): number | null =>
  values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length

const valuesOf = (tokens: ReadonlyArray<Token>): ReadonlyArray<number> =>
  tokens.flatMap(({ value }) => (value === null ? [] : [value]))

const own = (values: ReadonlyArray<number>): Scale => {
  const middle = mean(values) ?? 0
  return { mean: middle, scale: values.reduce((most, x) => Math.max(most, Math.abs(x - middle)), 0) }
}

const tokenSpan = ({ text, value, changed }: Token, { mean: middle, scale }: Scale): HTMLElement => {
  const at = value === null || scale <= 0 ? 0 : Math.max(-1, Math.min(1, (value - middle) / scale))
  const side = at < 0 ? " low" : at > 0 ? " high" : ""
  // At most 60% of the hue, which keeps the text readable on both surfaces.
  return el(
    "span",
    {
      class: `t${side}${changed ? " changed" : ""}`,
      style: `--a:${(60 * Math.abs(at)).toFixed(0)}`,
      title: value === null ? "no value" : printed(value)
    },
    text.replace(/\r?\n/g, "↵\n")
  )
}

/** Values along the trace as a small line, steps as ticks. */
const spark = (tokens: ReadonlyArray<Token>): ReadonlyArray<Node> => {
  const values = valuesOf(tokens)
  if (values.length < 2) return []
  const table = el(
    "table",
    { class: "values" },
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "token"), el("th", { scope: "col" }, "value"))),
    el(
      "tbody",
      {},
      ...tokens.map(({ text, value }) =>
        el("tr", {}, el("td", {}, JSON.stringify(text).slice(1, -1)), el("td", { class: "num" }, printed(value)))
      )
    )
  )
  return [el("details", {}, el("summary", {}, "Values by token"), table)]
}

/**
 * Which tokens stand in the trace beside too; `undefined` where framing the others would tell nothing: their tokens are
 * not known, or most of them differ.
 */
const marksOf = (own: PackedTrace, beside: PackedTrace): ReadonlyArray<boolean> | undefined => {
  if (own.starts.length === 0 || beside.starts.length === 0) return undefined
  const same = unchanged(textsOf(own), textsOf(beside))
  return same.filter(Boolean).length * 2 < same.length ? undefined : same
}

/** One trace: a row a step, tokens tinted around the middle, the mean of the step in print, the lowest step named. */
export const traceView = (
  index: PackedIndex,
  rollout: number,
  trace: PackedTrace,
  options: { readonly signal: Signal; readonly beside: PackedTrace | undefined; readonly heading: string }
): HTMLElement => {
  const { rollouts, prompts, sources, files } = index
  const texts = textsOf(trace)
  const same = options.beside === undefined ? undefined : marksOf(trace, options.beside)
  const given = trace[options.signal]
  const tokens = texts.map(
    (text, t): Token => ({ text, value: given[t] ?? null, changed: same !== undefined && same[t] !== true })
  )
  const scale = options.signal === "rewards" ? index.colour : own(valuesOf(tokens))
  const steps = parted(tokens, trace.stepEnds).map((step) => ({ ...step, value: mean(valuesOf(step.tokens)) }))
  const values = steps.flatMap(({ value }) => (value === null ? [] : [value]))
  const lowest = Math.min(...values)
  const isFlat = values.every((value) => value === lowest)
  const r = rollouts
  const answer = r.answer[rollout]
  const gold = prompts[r.prompt[rollout]!]!.gold
  const unknown =
    trace.starts.length === 0 && given.length > 0
      ? [
          el(
            "p",
            { class: "note" },
            `This row names no token offsets: its ${given.length} values have no place in the text.`
          )
        ]
      : []
  return el(
    "section",
    { class: "trace", "aria-label": options.heading },
    el("h3", {}, options.heading, " ", el("small", {}, verdictText(r.verdict[rollout]!))),
    el(
      "p",
      { class: "facts" },
      [
        answer === null ? "no answer" : `answered ${answer}`,
        gold === null ? "" : `expected ${gold}`,
        `score ${printed(r.score[rollout])} (${index.selector})`,
        `mean log-prob ${printed(r.logProb[rollout])}`,
        `${r.tokens[rollout]} tokens${r.truncated[rollout] === 1 ? ", cut at the limit" : ""}`,
        `${sources[r.source[rollout]!]}, ${files[r.file[rollout]!]} #${r.generationIdx[rollout]}`
      ]
        .filter((part) => part !== "")
        .join(" · ")
    ),
    ...unknown,
    el(
      "ol",
      { class: "steps" },
      ...steps.map((step) =>
        el(
          "li",
          {},
          el("span", { class: "tokens", dir: "auto" }, ...step.tokens.map((token) => tokenSpan(token, scale))),
          el("span", { class: "value" }, step.value === null ? "" : printed(step.value)),
          ...(step.value === lowest && !isFlat ? [el("span", { class: "flag" }, "lowest step")] : [])
        )
      )
    ),
    ...(trace.starts.length === 0 ? [] : spark(tokens))
  )
}
