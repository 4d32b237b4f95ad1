import type { PackedIndex, PackedTrace } from "../core/explorer/index.ts"
import { lowest, position, type TintScale, tint, visible } from "../core/figure/strip/index.ts"
import { el, printed, verdictText } from "./dom.ts"
import { ribbon } from "./ribbon.ts"
import { parted, unchanged } from "./state.ts"

/** Token rewards or log-probabilities. */
export type Signal = "rewards" | "logProbs"

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

const present = (values: ReadonlyArray<number | null>): ReadonlyArray<number> => values.flatMap((value) => value ?? [])

/** The scale of a signal: that of the rollout's file for rewards, a trace's own for log-probabilities. */
export const scaleOf = (
  { colours, rollouts }: PackedIndex,
  rollout: number,
  trace: PackedTrace,
  signal: Signal
): TintScale => {
  if (signal === "rewards") return colours[rollouts.file[rollout]!]!
  const values = present(trace.logProbs)
  const middle = mean(values) ?? 0
  return { mean: middle, scale: values.reduce((most, x) => Math.max(most, Math.abs(x - middle)), 0) }
}

/** Line breaks that open a step are shown and not made: an empty row would part it from its number. */
const shown = (text: string, opens: boolean): string => {
  const [breaks = ""] = opens ? (/^[\r\n]*/.exec(text) ?? []) : []
  return `${visible(breaks)}${text.slice(breaks.length).replace(/\r?\n/g, "↵\n")}`
}

const tokenSpan = ({ text, value }: Token, opens: boolean, scale: TintScale): HTMLElement => {
  const { side, style } = tint(position(scale, value))
  const title = value === null ? "no value" : printed(value)
  return el("span", { class: side === "" ? "t" : `t ${side}`, style, title }, shown(text, opens))
}

/** The tokens of a step; neighbours that differ from the trace beside share one frame. */
const tokenRow = (tokens: ReadonlyArray<Token>, scale: TintScale): HTMLElement => {
  const row = el("span", { class: "tokens", dir: "auto" })
  let opens = true
  let frame: HTMLElement | undefined
  for (const token of tokens) {
    const span = tokenSpan(token, opens, scale)
    opens &&= /^[\r\n]*$/.test(token.text)
    if (token.changed && frame === undefined) {
      frame = el("mark", { class: "changed" })
      row.append(frame)
    } else if (!token.changed) frame = undefined
    const place = frame ?? row
    place.append(span)
  }
  return row
}

/** Every token with its value as a table, made when it is asked for. */
const valueTable = (tokens: ReadonlyArray<Token>): HTMLElement => {
  const fold: HTMLDetailsElement = el(
    "details",
    {
      toggle: () => {
        if (fold.querySelector("table") !== null) return
        const rows = tokens.map(({ text, value }) =>
          el("tr", {}, el("td", {}, JSON.stringify(text).slice(1, -1)), el("td", { class: "num" }, printed(value)))
        )
        const head = el("tr", {}, el("th", { scope: "col" }, "token"), el("th", { scope: "col" }, "value"))
        fold.append(el("table", { class: "values" }, el("thead", {}, head), el("tbody", {}, ...rows)))
      }
    },
    el("summary", {}, "Values by token")
  )
  return fold
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

/** What is known of a rollout, in a line. */
const facts = ({ rollouts: r, prompts, sources, files, selector }: PackedIndex, rollout: number): string => {
  const answer = r.answer[rollout]
  const gold = prompts[r.prompt[rollout]!]!.gold
  return [
    answer === null ? "no answer" : `answered ${answer}`,
    gold === null ? "" : `expected ${gold}`,
    `score ${printed(r.score[rollout])} (${selector})`,
    `mean log-prob ${printed(r.logProb[rollout])}`,
    `${r.tokens[rollout]} tokens${r.truncated[rollout] === 1 ? ", cut at the limit" : ""}`,
    `${sources[r.source[rollout]!]}, ${files[r.file[rollout]!]} #${r.generationIdx[rollout]}`
  ]
    .filter((part) => part !== "")
    .join(" · ")
}

/** What the eye sees in the ribbon, in words. */
const glance = (signal: Signal, tokens: number, low: ReadonlyArray<number>, steps: number): string =>
  [
    `${signal === "rewards" ? "Rewards" : "Log-probabilities"} of ${tokens} tokens in ${steps} steps`,
    low.length === 0 ? "" : `, lowest in step ${low.map((s) => s + 1).join(", ")}`,
    "."
  ].join("")

/** One trace: all of it at a glance, then a row a step with tinted tokens and the mean in print, the lowest step named. */
export const traceView = (
  index: PackedIndex,
  rollout: number,
  trace: PackedTrace,
  options: { readonly signal: Signal; readonly beside: PackedTrace | undefined; readonly heading: string }
): HTMLElement => {
  const texts = textsOf(trace)
  const same = options.beside === undefined ? undefined : marksOf(trace, options.beside)
  const given = trace[options.signal]
  const known = trace.starts.length > 0
  const values = known ? texts.map((_, t) => given[t] ?? null) : texts.map(() => null)
  const tokens = texts.map(
    (text, t): Token => ({ text, value: values[t]!, changed: same !== undefined && same[t] !== true })
  )
  const scale = scaleOf(index, rollout, trace, options.signal)
  const steps = parted(tokens, trace.stepEnds).map((step) => ({
    ...step,
    value: mean(present(step.tokens.map(({ value }) => value)))
  }))
  const low = lowest(steps.map(({ value }) => value))
  const list = el(
    "ol",
    { class: "steps" },
    ...steps.map((step, s) =>
      el(
        "li",
        {},
        tokenRow(step.tokens, scale),
        el("span", { class: "value" }, step.value === null ? "" : printed(step.value)),
        ...(low.includes(s) ? [el("span", { class: "flag" }, "lowest step")] : [])
      )
    )
  )
  const strip = ribbon(values, trace.stepEnds, scale, glance(options.signal, tokens.length, low, steps.length))
  strip.addEventListener("click", (event) => {
    const box = strip.getBoundingClientRect()
    const token = ((event.clientX - box.left) / box.width) * tokens.length
    const step = trace.stepEnds.findIndex((end) => token < end + 1)
    for (const [s, row] of [...list.children].entries()) row.classList.toggle("sought", s === step)
    list.children[step]?.scrollIntoView({ block: "nearest" })
  })
  const told =
    known || given.length === 0
      ? ""
      : `This row names no token offsets: its ${given.length} values have no place in the text.`
  return el(
    "section",
    { class: "strip trace", "aria-label": options.heading },
    el("h3", {}, options.heading, " ", el("small", {}, verdictText(index.rollouts.verdict[rollout]!))),
    el("p", { class: "facts" }, facts(index, rollout)),
    ...(told === "" ? [] : [el("p", { class: "note" }, told)]),
    ...(present(values).length > 1 ? [strip] : []),
    ...(trace.text === "" ? [el("p", { class: "empty" }, "This trace is empty.")] : [list]),
    ...(present(values).length > 1 ? [valueTable(tokens)] : [])
  )
}
