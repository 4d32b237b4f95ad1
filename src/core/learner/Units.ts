import type { UnitRewards } from "../objective/index.ts"
import type { Granularity, Partition } from "../reward/index.ts"
import { pieces, type Tokenizer } from "../text/index.ts"

/** Units of a completion. The one partition behind loss, scoring and evaluation: all of them call the same function. */
export type Partitioner = (completion: ReadonlyArray<number>) => Partition

/** A granularity on the completions of a tokenizer. Partitions are kept as long as the completion they belong to. */
export const partitioner = (granularity: Granularity, tokenizer: Pick<Tokenizer, "decode">): Partitioner => {
  const known = new WeakMap<ReadonlyArray<number>, Partition>()
  return (completion) => {
    const found = known.get(completion)
    if (found !== undefined) return found
    const partition = granularity.partition({ ids: completion, pieces: pieces(tokenizer, completion) })
    known.set(completion, partition)
    return partition
  }
}

/** The logits that carry the rewards: those of the units' last tokens. */
export const atUnits = ({ ends, unitOf }: Partition, tokenLogits: ArrayLike<number>): UnitRewards => ({
  units: Array.from(ends, (t) => tokenLogits[t]!),
  unitOf
})

/** Each token gets the reward of its unit: [T]. */
export const overTokens = ({ units, unitOf }: UnitRewards): Float64Array => Float64Array.from(unitOf, (k) => units[k]!)

/**
 * The first token at which a changed completion leaves the original; `undefined` when the two are the same. One that
 * merely stops earlier is changed at its own last token.
 */
export const firstChanged = (original: ReadonlyArray<number>, changed: ReadonlyArray<number>): number | undefined => {
  const at = changed.findIndex((id, t) => id !== original[t])
  if (at >= 0) return at
  return changed.length === original.length ? undefined : Math.max(0, changed.length - 1)
}

/** Where a trace comes from, as the critic is told. */
export type Source =
  | { readonly _tag: "Demonstration" }
  | { readonly _tag: "Rollout" }
  /** A rollout that ground truth says is right, so that it counts as an expert's. */
  | { readonly _tag: "Switched" }
  /** A demonstration that was changed from this token on. */
  | { readonly _tag: "Perturbed"; readonly firstChanged: number }

/** How much the units of each source count. */
export interface UnitWeighting {
  /** Weight of a rollout's unit, 1 by default. */
  readonly rollout?: number
  /** Weight of a unit at or after the change of a perturbed demonstration, 1 by default. */
  readonly perturbed?: number
  /**
   * What the units before the change are: nothing; the expert's, which they are word for word; or the policy's like the
   * rest, as in the reference. By default nothing, and the policy's where the objective `needs.wholeTraces`.
   */
  readonly beforeChange?: "ignored" | "expert" | "policy"
}

/** Weights [T] with which tokens count as the expert's and as the policy's; 0 but at the ends of units. */
export interface TokenWeights {
  readonly expert: Float32Array
  readonly policy: Float32Array
}

/** The weights of one trace in the critic's loss. @see specs/30-discriminator.md */
export const weigh = (partition: Partition, source: Source, weighting: UnitWeighting = {}): TokenWeights => {
  const T = partition.unitOf.length
  const weights: TokenWeights = { expert: new Float32Array(T), policy: new Float32Array(T) }
  for (const end of partition.ends) {
    if (source._tag === "Demonstration" || source._tag === "Switched") weights.expert[end] = 1
    else if (source._tag === "Rollout") weights.policy[end] = weighting.rollout ?? 1
    else if (end >= source.firstChanged || weighting.beforeChange === "policy")
      weights.policy[end] = weighting.perturbed ?? 1
    else if (weighting.beforeChange === "expert") weights.expert[end] = 1
  }
  return weights
}
