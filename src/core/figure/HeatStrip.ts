import { Schema } from "effect"
import { lowest } from "./strip/index.ts"

export { position, printed, visible } from "./strip/index.ts"

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

/** Steps with the lowest value; empty when no step has one, or when all are equal and none stands out. */
export const lowestSteps = ({ steps }: HeatStrip): ReadonlyArray<number> => lowest(steps.map(({ value }) => value))

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
