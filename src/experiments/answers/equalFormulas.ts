import type { ComputeEngine } from "@cortex-js/compute-engine"
import { type Outcome, Outcomes } from "../../core/data/index.ts"

type Parsed = NonNullable<ReturnType<ComputeEngine["parse"]>>

/** Points at which formulas with unknowns are compared; equal ones agree at all, others at none but by accident. */
const POINTS = 6
const NEEDED = 3
const TOLERANCE = 1e-9

const close = (a: number, b: number): boolean => Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a), Math.abs(b))

/** Values of the unknowns at a point: distinct, positive and negative, no small fractions. */
const point = (unknowns: ReadonlyArray<string>, i: number): Readonly<Record<string, number>> =>
  Object.fromEntries(unknowns.map((name, u) => [name, (i % 2 === 0 ? 1 : -1) * (0.3719 + 0.7331 * i + 0.2903 * u)]))

const agreeAtPoints = (gold: Parsed, prediction: Parsed, unknowns: ReadonlyArray<string>): boolean => {
  let compared = 0
  for (let i = 0; i < POINTS; i++) {
    const [g, p] = [gold, prediction].map((formula) => formula.subs(point(unknowns, i)).N()) as [Parsed, Parsed]
    if (![g.re, g.im, p.re, p.im].every(Number.isFinite)) continue
    if (!close(g.re, p.re) || !close(g.im, p.im)) return false
    compared += 1
  }
  return compared >= NEEDED
}

/**
 * Whether two formulas are equal: without unknowns by the engine's own comparison, else by their values at several
 * points: the engine's comparison says nothing of most formulas with unknowns.
 */
export const equalFormulas = (engine: ComputeEngine, gold: string, prediction: string): Outcome => {
  const [g, p] = [engine.parse(gold), engine.parse(prediction)]
  if (g?.isValid !== true)
    return Outcomes.unverifiable(`the gold answer ${JSON.stringify(gold)} is no formula that can be read`)
  if (p?.isValid !== true) return Outcomes.scored(0, "the prediction is no formula that can be read")
  if (g.isSame(p)) return Outcomes.scored(1, "the same formula")
  const unknowns = [...new Set([...g.unknowns, ...p.unknowns])].sort()
  const equal = unknowns.length === 0 ? g.isEqual(p) === true : agreeAtPoints(g, p, unknowns)
  return Outcomes.scored(equal ? 1 : 0, equal ? "equal as formulas" : "different as formulas")
}
