import { Stabilisers } from "../../core/evaluation/index.ts"
import {
  alignTokens,
  type Drawing,
  Figures,
  type HeatmapToken,
  Tables,
  tokenHeatmap,
  triptych
} from "../../core/figure/index.ts"
import type { NamedPair } from "../../core/result/index.ts"
import type { Critic, CriticPair } from "./readCritic.ts"

/** Values as they are, or as z-scores of what is usual at their relative place, smoothed. */
export type PairValues = "raw" | "z"

const numbers = (tokens: ReadonlyArray<HeatmapToken>): ReadonlyArray<number> =>
  tokens.map(({ value }) => value ?? Number.NaN)

/** Clean traces of other prompts: what is usual is not learned from the pair that is shown. */
const usualOf = (critic: Critic, shown: NamedPair, all: ReadonlyArray<NamedPair>) =>
  all.flatMap(({ name, pair }) => {
    const own = critic.pairs.get(name)
    return own === undefined || pair.promptId === shown.pair.promptId ? [] : [numbers(own.clean)]
  })

const withValues = (tokens: ReadonlyArray<HeatmapToken>, values: ReadonlyArray<number>): ReadonlyArray<HeatmapToken> =>
  tokens.map(({ text }, t) => ({ text, value: Number.isFinite(values[t]) ? values[t]! : null }))

const stabilised = (pair: CriticPair, usual: ReadonlyArray<ReadonlyArray<number>>): CriticPair => {
  const stabilise = Stabilisers.fitStabiliser(usual)
  const of = (tokens: ReadonlyArray<HeatmapToken>) =>
    withValues(tokens, Stabilisers.movingAverage(stabilise(numbers(tokens))))
  return { clean: of(pair.clean), perturbed: of(pair.perturbed) }
}

/** What is drawn of one pair: how its files are called, and by whom it was judged. */
export interface PairPicture {
  readonly pair: NamedPair
  readonly critics: ReadonlyArray<{
    readonly label: string
    readonly signal: Critic["signal"]
    readonly tokens: CriticPair
  }>
  readonly values: PairValues
  readonly reading: string
  readonly id: string
}

/**
 * A pair with the values that are drawn.
 *
 * @param all every pair of the file, from whose clean traces z-scores learn what is usual
 * @returns undefined where a critic lacks one of the traces, or z-scores have no other prompt to learn from
 */
export const pictureOf = (
  pair: NamedPair,
  critics: ReadonlyArray<Critic>,
  { values, all }: { readonly values: PairValues; readonly all: ReadonlyArray<NamedPair> }
): PairPicture | undefined => {
  const read = critics.flatMap((critic) => {
    const own = critic.pairs.get(pair.name)
    if (own === undefined) return []
    const usual = values === "raw" ? [] : usualOf(critic, pair, all)
    if (values === "z" && usual.length === 0) return []
    return [
      {
        label: critic.label,
        signal: critic.signal,
        tokens: values === "raw" ? own : stabilised(own, usual),
        others: usual.length
      }
    ]
  })
  if (read.length < critics.length || read.length === 0) return undefined
  return {
    pair,
    critics: read,
    values,
    reading:
      values === "raw"
        ? "as scored"
        : `z-scores by relative place over ${Figures.counted(read[0]!.others, "clean trace")} of other prompts, then a mean over 3 tokens, at the ends over what is there`,
    id: `trace_reward_triptych_${pair.name}${values === "raw" ? "" : "_z"}`
  }
}

const edits = (severity: number): string => Figures.counted(severity, "edit")

/** One panel a critic. */
export const triptychOf = ({ pair: { name, pair }, critics, values, reading, id }: PairPicture): Drawing =>
  triptych({
    id,
    title: `Clean and with ${edits(pair.severity)}, ${name.replaceAll("_", " ")}`,
    clean: pair.clean,
    perturbed: pair.wrong,
    reading,
    panels: critics.map(({ label, signal, tokens }) => ({
      critic: label,
      y: values === "raw" ? signal : "z-score",
      ...tokens
    }))
  })

const sides = [
  ["clean", "Clean trace"],
  ["perturbed", "Trace with an error"]
] as const

/** The tokens of each trace by each critic, a critic's two on one scale. */
export const tokenRewardsOf = ({ pair: { pair }, critics, reading }: PairPicture): ReadonlyArray<Drawing> =>
  critics.flatMap(({ label, signal, tokens }) => {
    const values = sides.flatMap(([side]) => numbers(tokens[side]).filter(Number.isFinite))
    const mean = values.reduce((a, b) => a + b, 0) / Math.max(1, values.length)
    const scale = values.reduce((most, value) => Math.max(most, Math.abs(value - mean)), 0)
    return sides.map(([side, title]) =>
      tokenHeatmap({
        id: `${label.replace(/[^\w-]/g, "_")}_${side}_token_rewards`,
        title: `${title}, ${label}`,
        caption: `Token values (${signal}, ${reading}) less the mean of both traces (${mean.toPrecision(3)}), on one colour scale for the two.`,
        question: pair.prompt,
        tokens: tokens[side],
        mean,
        scale
      })
    )
  })

const shown = (token: HeatmapToken | undefined): ReadonlyArray<string | number | null> =>
  token === undefined ? ["", null] : [JSON.stringify(token.text), token.value]

const tokenTable = ({ clean, perturbed }: CriticPair): string => {
  const text = ({ text }: HeatmapToken) => text
  const at = alignTokens(clean.map(text), perturbed.map(text))
  const columns = [...new Set([...at.cleanColumns, ...at.perturbedColumns])].sort((a, b) => a - b)
  const changed = new Set(at.changed)
  return Tables.toText({
    id: "",
    title: "",
    caption: "",
    columns: [
      { key: "place", label: "place", format: "integer" },
      { key: "clean", label: "clean", format: "number" },
      { key: "cleanValue", label: "value", format: "number" },
      { key: "changed", label: "", format: "number" },
      { key: "perturbed", label: "with an error", format: "number" },
      { key: "perturbedValue", label: "value", format: "number" }
    ],
    rows: columns.map((column) => [
      column,
      ...shown(clean[at.cleanColumns.indexOf(column)]),
      changed.has(column) ? "*" : "",
      ...shown(perturbed[at.perturbedColumns.indexOf(column)])
    ])
  })
}

/** Both traces in full, and every token's value by every critic, side by side; a star marks what differs. */
export const traceText = ({ pair: { name, pair }, critics, reading }: PairPicture): string =>
  [
    `${name}: ${edits(pair.severity)}; values ${reading}`,
    `Prompt:\n${pair.prompt}`,
    `Clean trace:\n${pair.clean}`,
    `Trace with an error:\n${pair.wrong}`,
    ...critics.map(({ label, tokens }) => `${label}:\n${tokenTable(tokens)}`),
    ""
  ].join("\n\n")
