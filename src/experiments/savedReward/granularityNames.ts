import { Granularities, type Granularity } from "../../core/reward/index.ts"
import { StepRules } from "../../core/text/index.ts"

const rules = [StepRules.sentences, StepRules.lines]
const fixed = [Granularities.sparse, Granularities.dense, ...rules.map(Granularities.stepwise)]

/**
 * The granularity that has this name, as `Granularity.name` prints it: `sparse`, `dense`, `stepwise(lines)`,
 * `interval(15)`, `segments(stepwise(sentences), 15)`; undefined for one of somebody's own.
 */
export const granularityNamed = (name: string): Granularity | undefined => {
  const plain = fixed.find((one) => one.name === name)
  if (plain !== undefined) return plain
  const tokens = /^interval\(([1-9]\d*)\)$/.exec(name)?.[1]
  if (tokens !== undefined) return Granularities.interval(Number(tokens))
  const [, inner, segmentTokens] = /^segments\((.+), ([1-9]\d*)\)$/.exec(name) ?? []
  const of = inner === undefined ? undefined : granularityNamed(inner)
  return of === undefined ? undefined : Granularities.segments(of, Number(segmentTokens))
}

/** The units of segments, and the tokens of a segment where they leave a completion in one piece; of others themselves. */
export const unitsNamed = (name: string): { readonly units: string; readonly segmentTokens?: number } => {
  const [, units, tokens] = /^segments\((.+), ([1-9]\d*)\)$/.exec(name) ?? []
  return units === undefined ? { units: name } : { units, segmentTokens: Number(tokens) }
}
