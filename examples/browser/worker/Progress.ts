import { Figure } from "rewardflow"
import type { Update } from "../learn/Lesson.ts"
import type { Measure } from "../learn/Measure.ts"
import type { Standing } from "./protocol.ts"

/** What is kept of a run to show it. */
export interface Progress {
  readonly updates: number
  readonly made: number
  readonly seconds: number
  readonly phase: Update["phase"]
  readonly losses: ReadonlyArray<Figure.CurvePoint>
  readonly measures: ReadonlyArray<{ readonly step: number; readonly measure: Measure }>
}

/** Updates that a shown loss is the mean of. */
const WINDOW = 10

/** Of a figure, in px: its text is 12 px there, and is still read on a narrow screen. */
const WIDTH = 380

/** A point of the curve is drawn every so many updates. */
const DRAWN_EVERY = 4

const names = { imitation: "writing as the expert does", judging: "telling the expert's tokens" } as const

export const empty = (updates: number): Progress => ({
  updates,
  made: 0,
  seconds: 0,
  phase: "imitation",
  losses: [],
  measures: []
})

/** With one more update, which took so many seconds. */
export const after = (progress: Progress, update: Update, seconds: number): Progress => {
  const step = progress.made + 1
  const measures = update.measure === undefined ? [] : [{ step, measure: update.measure }]
  return {
    ...progress,
    made: step,
    seconds: progress.seconds + seconds,
    phase: update.phase,
    losses: [...progress.losses, { series: names[update.phase], step, value: update.loss }],
    measures: [...progress.measures, ...measures]
  }
}

/** Every few points of a series, each the mean of the last few values. */
const smoothed = (points: ReadonlyArray<Figure.CurvePoint>): ReadonlyArray<Figure.CurvePoint> =>
  points.flatMap((point, i) => {
    const last = points.slice(Math.max(0, i + 1 - WINDOW), i + 1).filter(({ series }) => series === point.series)
    const value = last.reduce((sum, one) => sum + one.value, 0) / last.length
    return point.step % DRAWN_EVERY === 0 ? [{ ...point, value }] : []
  })

/** The learning curves that have a point by now: losses of both phases, and what held-out traces say. */
const figures = ({ losses, measures }: Progress): ReadonlyArray<Figure.Figure> =>
  [
    {
      id: "loss",
      title: "Loss",
      xLabel: "update",
      yLabel: "cross-entropy (nats a token)",
      format: "number" as const,
      points: smoothed(losses)
    },
    {
      id: "held-out",
      title: "Held-out traces",
      xLabel: "update",
      yLabel: "share of traces",
      format: "percent" as const,
      points: measures.flatMap(({ step, measure }) => [
        { series: "right above wrong (AUROC)", step, value: measure.auroc },
        { series: "first wrong step found", step, value: measure.located }
      ])
    }
  ]
    .filter(({ points }) => points.length > 0)
    .map(Figure.learningCurve)

/** Where training stands, with its curves drawn. */
export const standing = (progress: Progress): Standing => {
  const last = progress.losses.slice(-WINDOW).filter(({ series }) => series === names[progress.phase])
  return {
    phase: progress.phase,
    made: progress.made,
    updates: progress.updates,
    loss: last.reduce((sum, { value }) => sum + value, 0) / Math.max(1, last.length),
    updatesPerSecond: progress.seconds === 0 ? 0 : progress.made / progress.seconds,
    measure: progress.measures.at(-1)?.measure,
    curves: figures(progress)
      .map((figure) => Figure.toSvg(figure, { theme: Figure.Themes.embedded, width: WIDTH }))
      .join("")
  }
}
