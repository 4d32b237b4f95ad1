import { Discriminator, type Slopes } from "../objective/index.ts"
import type { Tree } from "../optim/index.ts"
import { add, type Expr, max, mul, Programs, reshape, stopGradient } from "../program/index.ts"
import { Rng, Tensors } from "../tensor/index.ts"
import type { CriticRow } from "./criticBatch.ts"
import type { RewardModel } from "./RewardModel.ts"
import * as Sequence from "./Sequence.ts"
import type * as Units from "./Units.ts"

/** A point between a demonstration and a negative that comes with it. */
interface Point {
  /** The negative's prompt with the demonstration's completion. */
  readonly expert: Sequence.Sequence
  readonly policy: Sequence.Sequence
  /** The demonstration's share, in [0, 1). */
  readonly mix: number
  /** Weights [T] of the units whose logits are averaged, T being the longer completion's length; empty where it does not count. */
  readonly weights: Float64Array
}

const total = (xs: Float32Array): number => xs.reduce((sum, x) => sum + x, 0)

/** mix · expert + (1 - mix) · policy, either scaled to sum 1; none where one of them has no units. */
const mixed = (expert: Float32Array, policy: Float32Array, mix: number): Float64Array => {
  const [ofExpert, ofPolicy] = [total(expert), total(policy)]
  if (ofExpert === 0 || ofPolicy === 0) return new Float64Array(0)
  return Float64Array.from(
    { length: Math.max(expert.length, policy.length) },
    (_, t) => (mix * (expert[t] ?? 0)) / ofExpert + ((1 - mix) * (policy[t] ?? 0)) / ofPolicy
  )
}

/**
 * A point for each negative of a batch, between it and its demonstration, both after the negative's prompt so that
 * completions lie over each other. The trace's logit there is the mean of the units of both, mixed as the inputs are.
 */
export const drawPoints = (
  traces: ReadonlyArray<CriticRow>,
  weights: ReadonlyArray<Units.TokenWeights>,
  rng: Rng.Rng
): ReadonlyArray<Point> =>
  traces.flatMap(({ sequence, beside }, row) => {
    if (beside === row) return []
    const mix = Rng.uniform(rng)
    const expert = { prompt: sequence.prompt, completion: traces[beside]!.sequence.completion }
    return [{ expert, policy: sequence, mix, weights: mixed(weights[beside]!.expert, weights[row]!.policy, mix) }]
  })

/** The sequences of points: what a batch's width must hold. */
export const sequencesOf = (points: ReadonlyArray<Point>): ReadonlyArray<Sequence.Sequence> =>
  points.flatMap(({ expert, policy }) => [expert, policy])

/** Types of the feeds of M points. */
export const pointSpecs = (M: number, width: number) => ({
  point_expert_ids: Programs.spec([M, width], "i32"),
  point_policy_ids: Programs.spec([M, width], "i32"),
  point_prompt: Programs.spec([M, width]),
  point_expert: Programs.spec([M, width]),
  point_policy: Programs.spec([M, width]),
  point_weights: Programs.spec([M, width]),
  point_mix: Programs.spec([M, 1, 1])
})

/** Feeds of points, padded to M rows that do not count. */
export const pointFeeds = (points: ReadonlyArray<Point>, M: number, width: number) => {
  const experts = points.map(({ expert }) => expert)
  const policies = points.map(({ policy }) => policy)
  const prompts = policies.map(({ prompt }): Sequence.Sequence => ({ prompt: [], completion: prompt }))
  return {
    point_expert_ids: Sequence.ids(experts, M, width),
    point_policy_ids: Sequence.ids(policies, M, width),
    point_prompt: Sequence.completionMask(prompts, M, width),
    point_expert: Sequence.completionMask(experts, M, width),
    point_policy: Sequence.completionMask(policies, M, width),
    point_weights: Sequence.overCompletions(policies, (row) => points[row]!.weights, M, width),
    point_mix: Tensors.f32(
      Array.from({ length: M }, (_, row) => points[row]?.mix ?? 0),
      [M, 1, 1]
    )
  }
}

/**
 * The critic's slopes at the points, with respect to the embeddings of completion positions alone. The points are data:
 * no gradient flows into the embedding table through them.
 */
export const slopesOf = (
  { embed, rewards }: NonNullable<RewardModel["embedded"]>,
  params: Tree,
  tree: Tree
): Slopes => {
  const feeds = tree as { readonly [K in keyof ReturnType<typeof pointSpecs>]: Expr }
  const over = (mask: Expr): Expr => reshape(mask, [...mask.shape, 1])
  const at = (ids: Expr, mask: Expr): Expr => mul(stopGradient(embed(params, ids)), over(mask))
  const prompt = at(feeds.point_policy_ids, feeds.point_prompt)
  const completion = over(max(feeds.point_expert, feeds.point_policy))
  return Discriminator.slopesAt({
    critic: (x) => rewards(params, add(prompt, mul(x, completion))),
    expert: at(feeds.point_expert_ids, feeds.point_expert),
    policy: at(feeds.point_policy_ids, feeds.point_policy),
    mix: feeds.point_mix,
    weights: feeds.point_weights
  })
}
