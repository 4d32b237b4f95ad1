import { Data } from "effect"
import type { DiscriminatorObjective, RewardForm, SegmentCriticOptions, SegmentReward } from "../objective/index.ts"
import type { GradientTransform } from "../optim/index.ts"
import type { Rng } from "../tensor/index.ts"
import type { Footprint } from "./Footprint.ts"
import type { Params } from "./Params.ts"
import type { RewardModel, SegmentModel } from "./RewardModel.ts"
import type * as Sequence from "./Sequence.ts"
import type { Over } from "./SharedBase.ts"
import type * as Units from "./Units.ts"

/** A wrong version of the i-th demonstration's completion; `undefined` where nothing could be changed. */
export type Perturb = (rng: Rng.Rng, demonstration: number) => ReadonlyArray<number> | undefined

/** What one critic update looks at. Every negative comes with the demonstration of its prompt, so that prompts tell nothing. */
export interface CriticBatch {
  /** Negatives that are rollouts. */
  readonly rollouts: number
  /** Of these, the share that the present policy drew; the others are from the replay buffer. */
  readonly freshShare: number
  /** Demonstrations that are perturbed. */
  readonly perturbed: number
  /** Perturbed versions of each of them, 1 by default. */
  readonly versions?: number
}

/** How logits become rewards of the policy. All of it acts in scoring only, never in the loss. */
export interface RewardScale {
  /** What a logit is worth, `RewardForms.logit` by default: the logit itself. */
  readonly form?: RewardForm
  /** Divides the logits; 1 by default. */
  readonly temperature?: number
  /** Rewards are clamped to this range; unbounded by default. */
  readonly clamp?: readonly [low: number, high: number]
}

/** How a segment critic learns and rewards. @see specs/36-adversarial-objectives.md */
export interface SegmentOptions extends Omit<SegmentCriticOptions, "objective"> {
  /**
   * What is taken from a segment's f: the log-probability of all its tokens (the default; AIRL proper), or the mean over
   * them. The sum is tens of nats on long segments, next to which f is nothing (training spec D17).
   */
  readonly offset?: "segment" | "token"
  /** The potential head's learning rate over that of the rest, 1 by default; 0.5 in the reference. */
  readonly potentialRate?: number
  /** Which part rewards the policy. */
  readonly reward: SegmentReward
  /** Rewards of segments are clamped to this range; unbounded by default. */
  readonly clamp?: readonly [low: number, high: number]
}

/** A critic that was trained before. */
export interface SavedCritic {
  readonly params: Params
  /** The optimiser's moments, and the updates that made them, from which its schedule goes on. Fresh where absent. */
  readonly optimiser?: { readonly moments: Params; readonly updates: number }
}

interface CriticBase extends Omit<Footprint, "logitChunk"> {
  readonly objective: DiscriminatorObjective
  readonly optimiser: GradientTransform
  readonly partition: Units.Partitioner
  /** Expert traces; the completion ends with the end-of-sequence token. */
  readonly demonstrations: ReadonlyArray<Sequence.Sequence>
  /** Makes negatives of demonstrations; without it, rollouts are the only negatives. */
  readonly perturb?: Perturb
  readonly batch: CriticBatch
  readonly weighting?: Units.UnitWeighting
  /** Whether traces that recur in a batch count as one; false by default. Pairs always meet once. */
  readonly dedup?: boolean
  /**
   * Most rows whose activations are held at once; the whole batch by default. The update is the same, at the price of a
   * second pass over the batch.
   */
  readonly microBatch?: number
  /** Starts from a critic that was trained before, in place of the model's initial parameters. */
  readonly load?: SavedCritic
  /** The frozen parameters are a shared base's, and what trains lies beside it; in a memory of the critic's own by default. */
  readonly over?: Over
  /** Most past rollouts kept for replay, 4096 by default. */
  readonly replayCapacity?: number
  /** Whether an update that leaves the weights as they were is an error; true by default. */
  readonly verifyUpdates?: boolean
}

/** A critic whose logit of a unit is the model's, and whose reward is made of that logit. */
export interface LogitCriticOptions extends CriticBase {
  readonly model: RewardModel
  readonly scale?: RewardScale
  readonly segment?: never
}

/** A critic whose logit of a segment is g + shaping - log π, the units of `partition` being the segments. */
export interface SegmentCriticChoice extends CriticBase {
  readonly model: SegmentModel
  readonly segment: SegmentOptions
  readonly scale?: never
}

export type CriticOptions = LogitCriticOptions | SegmentCriticChoice

/** Options of a critic that contradict each other, or a saved critic that is not of its shape. */
export class BadCritic extends Data.TaggedError("BadCritic")<{
  /** What is wrong, and how to mend it. */
  readonly reason: string
}> {
  override get message(): string {
    return `This critic cannot be made: ${this.reason}`
  }
}
