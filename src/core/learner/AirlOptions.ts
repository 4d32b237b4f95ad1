import type { Effect } from "effect"
import type { Stage } from "../run/index.ts"
import type { SampleError } from "../service/index.ts"
import type { UpdateError } from "./Critic.ts"
import type { CriticBatch, CriticOptions, SavedCritic } from "./CriticOptions.ts"
import type { CriticLeftAlone, CriticState, FrozenCriticChanged } from "./CriticState.ts"
import type { Params } from "./Params.ts"
import type { PolicyOptions } from "./Policy.ts"
import type { PolicyStepOptions, PromptItem } from "./policyStep.ts"
import type { Sequence } from "./Sequence.ts"
import type { OtherBase } from "./SharedBase.ts"

/** How the policy to keep is chosen, without looking at any answer. */
export interface Selection {
  /**
   * `last`: the policy after the last step. `best`: the one with the highest signal, the held-out reward gain over
   * the reference less `klWeight` · KL; the reference itself when none has a positive one.
   */
  readonly keep: "last" | "best"
  /** Price of a nat of KL a token in the signal, 0 by default. */
  readonly klWeight?: number
  /** Looks without a better signal after which the policy is left as it is; never by default. */
  readonly patience?: number
}

export interface AirlOptions {
  readonly name: string
  readonly seed: number
  readonly policy: PolicyOptions
  readonly critic: CriticOptions
  /** Prompts that the policy answers, mostly those of the demonstrations. */
  readonly items: ReadonlyArray<PromptItem>
  readonly promptsPerStep: number
  readonly step: PolicyStepOptions
  /** Critic updates before the policy's first step. None are made of a critic that was loaded, unless `continueWarmup`. */
  readonly warmupUpdates: number
  /** Whether a loaded critic goes through the warm-up all the same; false by default. */
  readonly continueWarmup?: boolean
  /** Warm-up updates on one batch of rollouts of the reference, 25 by default. */
  readonly updatesPerWarmupBatch?: number
  /** What an update of the warm-up looks at; the critic's `batch` by default, past rollouts in their share. */
  readonly warmupBatch?: CriticBatch
  readonly policySteps: number
  /** Critic updates before each policy step, U. 0 freezes the critic after the warm-up, which is then verified. */
  readonly criticUpdates: number
  /** Whether a critic that is updated, and yet ends as it was after the warm-up, is an error; true by default. */
  readonly failOnUnchanged?: boolean
  readonly heldOut: {
    readonly demonstrations: ReadonlyArray<Sequence>
    /** Policy steps between two looks at all of them, which may choose the policy. */
    readonly every: number
    /** How many of them are looked at after each of the steps in between, to be logged alone; 16 by default. */
    readonly between?: number
  }
  readonly selection?: Selection
  /** Trace reward of the signal, the mean of the units by default. */
  readonly select?: (units: ReadonlyArray<number>) => number
  readonly checkpointEvery: number
  /**
   * Whether a held-out rollout is right, for display only: logged as `display/pass_at_1`, seen by no training and no
   * selection. `index` is that of the held-out demonstration.
   */
  readonly isCorrect?: (index: number, completion: ReadonlyArray<number>) => boolean | undefined
  /**
   * Whether a training rollout is right: those that are become experts' for the critic. **Ground truth then enters the
   * reward**, which is no longer learned from demonstrations alone, and a warning says so; off by default, and logged as
   * `reward/switched_share`.
   */
  readonly switchLabel?: (item: PromptItem, completion: ReadonlyArray<number>) => boolean
  /** What a surface baseline may see of a completion; see `held_out/surface_auroc`. Its length alone by default. */
  readonly surface?: (completion: ReadonlyArray<number>) => ReadonlyArray<number>
}

/** What adversarial training leaves behind. */
export interface AirlResult {
  readonly policy: Params
  /** The critic after the last update. */
  readonly critic: Params
  /** The critic after the warm-up, when it had seen the reference policy alone. */
  readonly warmCritic: Params
}

export type AirlError = UpdateError | SampleError | OtherBase | CriticLeftAlone | FrozenCriticChanged

export interface AirlStage extends Stage<AirlError, never> {
  readonly result: Effect.Effect<AirlResult, AirlError>
  /** The critic as it is now, for another run to load, and what is told of it. */
  readonly savedCritic: Effect.Effect<{ readonly critic: SavedCritic; readonly state: CriticState }, AirlError>
}
