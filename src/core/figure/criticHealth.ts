import type { Figure } from "./Figure.ts"
import type { NumberFormat } from "./format.ts"
import { learningCurve } from "./learningCurve.ts"

/** The critic at one step, on prompts that it was not trained on. */
export interface CriticHealthPoint {
  readonly step: number
  /** Share of held-out expert units called expert. */
  readonly expertAccuracy: number
  /** Share of held-out policy units called policy. */
  readonly policyAccuracy: number
  /** Expert against policy units; .5 means the critic cannot tell them apart. */
  readonly auroc: number
  /** Mean logit of expert units minus mean logit of policy units. */
  readonly margin: number
  /** The same AUROC from a trace's length alone, and from a linear score of its surface. */
  readonly lengthAuroc?: number | undefined
  readonly surfaceAuroc?: number | undefined
  /** Mean reward of a set of traces that never changes, less what it was at the first look. */
  readonly anchorDrift?: number | undefined
  /** Share of an update's rollouts that earlier policies drew, and share that counts as an expert's. */
  readonly replayedShare?: number | undefined
  readonly switchedShare?: number | undefined
}

interface Panel {
  readonly key: string
  readonly title: string
  readonly yLabel: string
  readonly format: NumberFormat
  readonly level?: { readonly y: number; readonly label: string }
  readonly series: ReadonlyArray<readonly [label: string, value: (row: CriticHealthPoint) => number | undefined]>
}

const share = { format: "percent", level: { y: 0.5, label: "chance" } } as const
const difference = (none: string) => ({ format: "number", level: { y: 0, label: none } }) as const

const panels: ReadonlyArray<Panel> = [
  {
    ...{ key: "accuracy", title: "accuracy", yLabel: "held-out share", ...share },
    series: [
      ["expert accuracy", (row) => row.expertAccuracy],
      ["policy accuracy", (row) => row.policyAccuracy],
      ["AUROC", (row) => row.auroc]
    ]
  },
  {
    ...{ key: "baselines", title: "against simple cues", yLabel: "held-out AUROC", ...share },
    series: [
      ["critic", (row) => (row.lengthAuroc === undefined && row.surfaceAuroc === undefined ? undefined : row.auroc)],
      ["length alone", (row) => row.lengthAuroc],
      ["surface features", (row) => row.surfaceAuroc]
    ]
  },
  {
    ...{ key: "margin", title: "margin", yLabel: "expert minus policy logit", ...difference("no separation") },
    series: [["margin", (row) => row.margin]]
  },
  {
    ...{ key: "drift", title: "drift", yLabel: "reward of fixed traces, change", ...difference("no drift") },
    series: [["anchor traces", (row) => row.anchorDrift]]
  },
  {
    ...{ key: "negatives", title: "negatives", yLabel: "share of an update's rollouts", format: "percent" },
    series: [
      ["replayed", (row) => row.replayedShare],
      ["counted as an expert's", (row) => row.switchedShare]
    ]
  }
]

/**
 * What the critic gets right (accuracy of each class, AUROC), how much of that length or surface alone would give, by
 * how much (margin), whether its scale moves (drift), and what it was fed. A critic that separates everything gives the
 * policy no direction; one at chance gives it noise. A panel without values is left out.
 */
export const criticHealth = (
  rows: ReadonlyArray<CriticHealthPoint>,
  of: { readonly id: string; readonly title: string }
): ReadonlyArray<Figure> =>
  panels.flatMap(({ key, title, yLabel, format, level, series }) => {
    const points = series.flatMap(([label, value]) =>
      rows.flatMap((row) => {
        const at = value(row)
        return at === undefined ? [] : [{ series: label, step: row.step, value: at }]
      })
    )
    if (points.length === 0 && rows.length > 0) return []
    const panel = learningCurve({
      id: `${of.id}-${key}`,
      title: `${of.title}: ${title}`,
      xLabel: "policy step",
      yLabel,
      format,
      points
    })
    return [level === undefined ? panel : { ...panel, layers: [{ _tag: "Level", ...level }, ...panel.layers] }]
  })
