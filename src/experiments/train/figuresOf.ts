import { criticHealth, type Figure, learningCurve } from "../../core/figure/index.ts"
import { Curves, type StepRow } from "../run/index.ts"

/** Figures of a run from what its steps logged: the curves of every stage and, where a critic learned, its health. */
export const figuresOf = (rows: ReadonlyMap<string, ReadonlyArray<StepRow>>): ReadonlyArray<Figure> =>
  [...rows].flatMap(([stage, steps]) => {
    const curves = stage === "sft" ? Curves.sftCurves(steps) : Curves.policyCurves(steps)
    const health = Curves.criticHealth(steps)
    return [
      ...curves.map((curve) => learningCurve({ ...curve, id: `${curve.id}-${stage}` })),
      ...(health.length === 0 ? [] : criticHealth(health, { id: `critic-${stage}`, title: "Critic" }))
    ]
  })
