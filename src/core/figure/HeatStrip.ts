import { Schema } from "effect"

/** One token as printed, and the reward of its unit; `null` where no reward was given. */
export const HeatToken = Schema.Struct({ text: Schema.String, value: Schema.NullOr(Schema.Finite) })

/** One step of a trace: its tokens, and the value that ranks it among the steps. */
export const HeatStep = Schema.Struct({ tokens: Schema.Array(HeatToken), value: Schema.NullOr(Schema.Finite) })

/** A trace with its token rewards, as shown to a reader. */
export const HeatStrip = Schema.Struct({
  /** Names the file and the anchor: letters, digits and dashes. */
  id: Schema.String,
  /** Who gave the rewards, e.g. `AIRL step-wise`. */
  title: Schema.String,
  prompt: Schema.String,
  isCorrect: Schema.Boolean,
  /** The trace's own final answer and the right one. */
  finalAnswer: Schema.NullOr(Schema.String),
  expectedAnswer: Schema.NullOr(Schema.String),
  /** 0-based index of the true first wrong step; `null` when there is none or it is unknown. */
  firstWrongStep: Schema.NullOr(Schema.Int),
  steps: Schema.Array(HeatStep),
  /** Mean reward of the whole run: the middle of the colour scale. */
  mean: Schema.Finite,
  /** Largest distance from the mean over all shown traces: the ends of the colour scale. */
  scale: Schema.Finite
})

export type HeatToken = typeof HeatToken.Type
export type HeatStep = typeof HeatStep.Type
export type HeatStrip = typeof HeatStrip.Type

/** Where a value stands between the ends of the scale, in [-1, 1]; 0 at the run's mean or without a value. */
export const position = ({ mean, scale }: HeatStrip, value: number | null): number =>
  value === null || scale <= 0 ? 0 : Math.max(-1, Math.min(1, (value - mean) / scale))

/** Steps with the lowest value; empty when no step has one, or when all are equal and none stands out. */
export const lowestSteps = ({ steps }: HeatStrip): ReadonlyArray<number> => {
  const values = steps.flatMap(({ value }) => (value === null ? [] : [value]))
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const lowest = steps.flatMap(({ value }, s) => (value === low ? [s] : []))
  return values.length > 1 && lowest.length === values.length ? [] : lowest
}

/** The middle and the ends of one colour scale for several traces: pass the run's mean, get the largest distance. */
export const sharedScale = (mean: number, traces: ReadonlyArray<ReadonlyArray<HeatStep>>): number =>
  traces
    .flatMap((steps) => steps.flatMap(({ tokens }) => tokens.map(({ value }) => value)))
    .reduce<number>((scale, value) => (value === null ? scale : Math.max(scale, Math.abs(value - mean))), 0)

/** What a reader who does not see the colours is told: the outcome, the steps and where the marks are. */
export const describe = (strip: HeatStrip): string => {
  const low = lowestSteps(strip).map((s) => s + 1)
  return [
    `${strip.isCorrect ? "Right" : "Wrong"} trace of ${strip.steps.length} steps, scored by ${strip.title}.`,
    strip.firstWrongStep === null ? "" : ` The first wrong step is step ${strip.firstWrongStep + 1}.`,
    low.length === 0 ? "" : ` The lowest reward is at step ${low.join(", ")}.`
  ].join("")
}

/** A reward as printed beside its step: two decimals, so that steps line up. */
export const printed = (value: number): string =>
  (Math.abs(value) < 1000 ? value.toFixed(2) : value.toExponential(2)).replace("-", "−")

/** Line breaks made visible, so that a token of white space is not invisible. */
export const visible = (text: string): string => text.replace(/\r?\n/g, "↵")
