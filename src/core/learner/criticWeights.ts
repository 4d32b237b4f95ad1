import { Discriminator, type DiscriminatorObjective } from "../objective/index.ts"
import type { Rng } from "../tensor/index.ts"
import type { CriticRow, Labelled } from "./criticBatch.ts"
import * as Units from "./Units.ts"

export interface WeightOptions {
  readonly partition: Units.Partitioner
  readonly weighting?: Units.UnitWeighting
  /** Says where wrong versions have units. */
  readonly objective?: Pick<DiscriminatorObjective, "needs">
  /** Whether a trace that a batch has n times counts once, each copy weighing 1/n; false by default. */
  readonly dedup?: boolean
}

const isExpert = ({ _tag }: Units.Source): boolean => _tag === "Demonstration" || _tag === "Switched"

/** Token ids by which traces of a class are told apart, the prompt's end among them. */
const identity = ({ sequence, source }: Labelled): ReadonlyArray<number> => [
  isExpert(source) ? -1 : -2,
  ...sequence.prompt,
  -3,
  ...sequence.completion
]

/** Weights of the units of each trace of a batch. @see specs/30-discriminator.md */
export const unitWeights = (
  traces: ReadonlyArray<Labelled>,
  { partition, weighting, objective, dedup = false }: WeightOptions
): ReadonlyArray<Units.TokenWeights> => {
  const byObjective: Units.UnitWeighting = objective?.needs?.wholeTraces === true ? { beforeChange: "policy" } : {}
  const shares = dedup ? Discriminator.dedupWeights(traces.map(identity)) : undefined
  return traces.map(({ sequence, source }, i) => {
    const { expert, policy } = Units.weigh(partition(sequence.completion), source, { ...byObjective, ...weighting })
    const share = shares?.[i] ?? 1
    return { expert: expert.map((w) => w * share), policy: policy.map((w) => w * share) }
  })
}

/**
 * Weights of pairs [N, N]: each expert trace against the policy's traces of its own prompt, or so many of them. An
 * expert that a batch has several times meets them once. Policy traces of prompts without an expert meet nobody.
 */
export const pairWeights = (
  traces: ReadonlyArray<CriticRow>,
  rng: Rng.Rng,
  { negatives }: { readonly negatives?: number }
): Float64Array => {
  const prompts = new Map<string, number>()
  const seen = new Set<string>()
  const rows = traces.map((trace, i): Discriminator.PairRow => {
    const name = trace.sequence.prompt.join(",")
    const prompt = prompts.get(name) ?? prompts.size
    prompts.set(name, prompt)
    if (!isExpert(trace.source)) return { prompt, label: "policy" }
    const own = identity(trace).join(",")
    // A copy of an expert gets a prompt that nothing else has.
    if (seen.has(own)) return { prompt: -1 - i, label: "expert" }
    seen.add(own)
    return { prompt, label: "expert" }
  })
  return Discriminator.promptPairs(rows, negatives === undefined ? undefined : { count: negatives, rng })
}
