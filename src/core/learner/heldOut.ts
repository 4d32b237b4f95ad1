import { Effect } from "effect"
import type { Rng } from "../tensor/index.ts"
import { type Critic, type Health, health } from "./Critic.ts"
import type { Policy } from "./Policy.ts"
import { collect, type Drawn } from "./policyStep.ts"
import type { Sequence } from "./Sequence.ts"
import * as Units from "./Units.ts"

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
  partition: Units.Partitioner,
  held: {
    readonly demonstrations: ReadonlyArray<Sequence>
    /** The reference's rollouts of the same prompts. */
    readonly reference: ReadonlyArray<Sequence>
    /** Trace reward from unit rewards. */
    readonly select: (units: ReadonlyArray<number>) => number
    readonly rng: Rng.Rng
  }
) {
  const rollouts = yield* sampleHeldOut(policy, held.demonstrations, held.rng)
  const all = [...held.demonstrations, ...rollouts, ...held.reference]
  const logits = yield* critic.logits(all)
  const units = all.map(({ completion }, i) => Units.atUnits(partition(completion), logits[i]!).units)
  const rewards = yield* critic.rewards([...rollouts, ...held.reference])
  const traces = rewards.flatMap(({ units }, i) =>
    units.length === 0 ? [] : [{ own: i < rollouts.length, reward: held.select(units) }]
  )
  const rewardOf = (own: boolean) => mean(traces.filter((trace) => trace.own === own).map(({ reward }) => reward))
  const references = yield* policy.referenceLogProbs(rollouts)
  const kl = rollouts.flatMap(({ rawLogProbs }, i) =>
    rawLogProbs.map((own, t) => {
      const d = references[i]![t]! - own
      return Math.exp(d) - d - 1
    })
  )
  const experts = held.demonstrations.length
  return {
    rollouts,
    health: health(units.slice(0, experts).flat(), units.slice(experts, experts + rollouts.length).flat()),
    rewardGain: rewardOf(true) - rewardOf(false),
    kl: mean(kl)
  } satisfies HeldOut
})
