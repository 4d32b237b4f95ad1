import type { ResultRow } from "../../core/data/index.ts"
import { type HeatStrip, HeatStrips } from "../../core/figure/index.ts"
import { keyed, TraceScores, Verdicts } from "../../core/result/index.ts"
import type { StepVerdict } from "../../core/task/index.ts"
import { tokensOf } from "../../core/text/index.ts"
import * as Readings from "./Reading.ts"

export interface HeatStripOptions {
  /** Scored rows of one reward. */
  readonly rows: ReadonlyArray<ResultRow>
  readonly reading: Readings.Reading
  readonly verdictOf: (row: ResultRow) => StepVerdict | undefined
  /** Who gave the rewards, and an id of letters, digits and dashes. */
  readonly title: string
  readonly id: string
  /** Text of the prompt. */
  readonly promptOf: (row: ResultRow) => string
  /** Traces shown of each kind. */
  readonly wrong: number
  readonly right: number
}

/** One row of each prompt, the first that fits. */
const firstOfPrompts = (rows: ReadonlyArray<ResultRow>, fits: (row: ResultRow) => boolean): ReadonlyArray<ResultRow> =>
  [...Map.groupBy(rows.filter(fits), (row) => keyed(row).prompt_id).values()].map(([first]) => first!)

/** Token rewards of a few right and wrong traces, the first of the file: nobody picked them. */
export const heatStrips = (options: HeatStripOptions): ReadonlyArray<HeatStrip> => {
  const { rows, reading, verdictOf } = options
  const wrong = firstOfPrompts(
    rows,
    (row) => Verdicts.stored(row) === false && verdictOf(row)?.firstWrongStep !== undefined
  )
  const right = firstOfPrompts(rows, (row) => Verdicts.stored(row) === true && verdictOf(row) !== undefined)
  const shown = [...wrong.slice(0, options.wrong), ...right.slice(0, options.right)]
  const values = rows.flatMap((row) => TraceScores.unitRewards(row)).filter(Number.isFinite)
  const mean = values.reduce((s, x) => s + x, 0) / Math.max(1, values.length)
  const drawn = shown.map((row) => {
    const verdict = verdictOf(row)!
    const bounds = Int32Array.from([...(row.token_offsets ?? []), row.generation.content.length])
    const perStep = Readings.stepValues(row, verdict.steps, reading.step).reward
    const steps = verdict.steps.map((span, s) => {
      const { start, end } = tokensOf(bounds, span)
      const tokens = Array.from({ length: end - start }, (_, k) => ({
        text: row.generation.content.slice(bounds[start + k], bounds[start + k + 1]),
        value: row.reward_model_score?.[start + k] ?? null
      }))
      const value = perStep[s]
      return { tokens, value: value === undefined || !Number.isFinite(value) ? null : value }
    })
    return { row, verdict, steps }
  })
  const scale = HeatStrips.sharedScale(
    mean,
    drawn.map(({ steps }) => steps)
  )
  return drawn.map(({ row, verdict, steps }, i) => ({
    id: `${options.id}-${i + 1}`,
    title: options.title,
    prompt: options.promptOf(row),
    isCorrect: Verdicts.stored(row) === true,
    finalAnswer: row.extracted_answer ?? null,
    expectedAnswer: row.gold_answer ?? null,
    firstWrongStep: verdict.firstWrongStep ?? null,
    steps,
    mean,
    scale
  }))
}
