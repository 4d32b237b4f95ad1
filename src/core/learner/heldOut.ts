import { Effect } from "effect"
import { aurocOf, crossFitted } from "../evaluation/index.ts"
import type { Rng } from "../tensor/index.ts"
import { type Critic, type Health, health } from "./Critic.ts"
import type { Policy } from "./Policy.ts"
import { collect, type Drawn } from "./policyStep.ts"
import type { Sequence } from "./Sequence.ts"

const mean = (xs: ReadonlyArray<number>): number => xs.reduce((s, x) => s + x, 0) / Math.max(1, xs.length)

/** Reference and policy on prompts that nothing is trained on. */
export interface HeldOut {
  readonly rollouts: ReadonlyArray<Drawn>
  /** Critic on held-out demonstrations against the policy's rollouts; `undefined` where it has no units to compare. */
  readonly health: Health | undefined
  /** Mean trace reward of the policy less that of the reference's rollouts, both under the present critic, in logits. */
  readonly rewardGain: number
  /** Estimate k3 of KL(π ‖ π_ref) on the policy's rollouts, in nats a token. */
  readonly kl: number
  /** Mean trace reward of the demonstrations and of the reference's rollouts, which never change: it moves as the critic does. */
  readonly anchorReward: number
  /** How well length alone tells demonstrations from the policy's rollouts, in the better direction; null without both. */
  readonly lengthAuroc: number | null
  /** The same of a linear score of surface features, fitted to the other half of the prompts. */
  readonly surfaceAuroc: number | null
}

/** AUROC of a score of demonstrations against rollouts; null where one class is empty. */
const separation = (expert: ReadonlyArray<number>, policy: ReadonlyArray<number>): number | null => {
  const correct = [...expert.map(() => true), ...policy.map(() => false)]
  return aurocOf({ correct, scores: [...expert, ...policy] }) ?? null
}

/** One completion of each prompt. */
export const sampleHeldOut = (policy: Policy, demonstrations: ReadonlyArray<Sequence>, rng: Rng.Rng) =>
  collect(
    policy,
    demonstrations.map(({ prompt }) => ({ prompt })),
    1,
    rng
  )

/** Looks at policy and critic on held-out prompts; it needs no answers, so selection may use what it returns. */
export const lookAt = Effect.fnUntraced(function* (
  policy: Policy,
  critic: Critic,
  held: {
    readonly demonstrations: ReadonlyArray<Sequence>
    /** The reference's rollouts of the same prompts. */
    readonly reference: ReadonlyArray<Sequence>
    /** Trace reward from unit rewards. */
    readonly select: (units: ReadonlyArray<number>) => number
    /** Surface features of a completion. */
    readonly surface: (completion: ReadonlyArray<number>) => ReadonlyArray<number>
    readonly rng: Rng.Rng
  }
) {
  const rollouts = yield* sampleHeldOut(policy, held.demonstrations, held.rng)
  const all = [...held.demonstrations, ...rollouts, ...held.reference]
  const judged = yield* critic.judged(all)
  const logitsOf = (from: number, to: number) => judged.slice(from, to).flatMap(({ logits }) => logits)
  const experts = held.demonstrations.length
  const rewardOf = (from: number, to?: number) =>
    mean(judged.slice(from, to).flatMap(({ reward: { units } }) => (units.length === 0 ? [] : held.select(units))))
  const byExpert = held.demonstrations.map(({ completion }) => completion)
  const byPolicy = rollouts.map(({ completion }) => completion)
  const length = separation(
    byExpert.map((c) => c.length),
    byPolicy.map((c) => c.length)
  )
  const surface = crossFitted(byExpert.map(held.surface), byPolicy.map(held.surface))
  const references = yield* policy.referenceLogProbs(rollouts)
  const kl = rollouts.flatMap(({ rawLogProbs }, i) =>
    rawLogProbs.map((own, t) => {
      const d = references[i]![t]! - own
      return Math.exp(d) - d - 1
    })
  )
  return {
    rollouts,
    health: health(logitsOf(0, experts), logitsOf(experts, experts + rollouts.length)),
    rewardGain: rewardOf(experts, experts + rollouts.length) - rewardOf(experts + rollouts.length),
    kl: mean(kl),
    anchorReward: mean([rewardOf(0, experts), rewardOf(experts + rollouts.length)]),
    lengthAuroc: length === null ? null : Math.max(length, 1 - length),
    surfaceAuroc: separation(surface.positive, surface.negative)
  } satisfies HeldOut
})
