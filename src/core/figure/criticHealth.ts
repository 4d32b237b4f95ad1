import type { Figure } from "./Figure.ts"
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
}

/**
 * Two panels: what the critic gets right (accuracy of each class, AUROC) and by how much (margin). A critic that
 * separates everything gives the policy no direction; one at chance gives it noise.
 */
export const criticHealth = (
  rows: ReadonlyArray<CriticHealthPoint>,
  of: { readonly id: string; readonly title: string }
): ReadonlyArray<Figure> => {
  const panel = (
    series: ReadonlyArray<readonly [label: string, value: (row: CriticHealthPoint) => number]>,
    options: {
      readonly id: string
      readonly title: string
      readonly yLabel: string
      readonly format: "percent" | "number"
    }
  ): Figure =>
    learningCurve({
      ...options,
      xLabel: "policy step",
      points: series.flatMap(([label, value]) =>
        rows.map((row) => ({ series: label, step: row.step, value: value(row) }))
      )
    })
  const share = panel(
    [
      ["expert accuracy", (row) => row.expertAccuracy],
      ["policy accuracy", (row) => row.policyAccuracy],
      ["AUROC", (row) => row.auroc]
    ],
    { id: `${of.id}-accuracy`, title: `${of.title}: accuracy`, yLabel: "held-out share", format: "percent" }
  )
  const margin = panel([["margin", (row) => row.margin]], {
    id: `${of.id}-margin`,
    title: `${of.title}: margin`,
    yLabel: "expert minus policy logit",
    format: "number"
  })
  return [
    { ...share, layers: [{ _tag: "Level", y: 0.5, label: "chance" }, ...share.layers] },
    { ...margin, layers: [{ _tag: "Level", y: 0, label: "no separation" }, ...margin.layers] }
  ]
}
