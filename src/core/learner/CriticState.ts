/** What is told of a reward model beside its weights: `reward_training_state.json`. */
export interface CriticState {
  /** Updates of the warm-up that were made here. */
  readonly warmup_steps: number
  /** Updates since the warm-up. */
  readonly updates_since_warmup: number
  /** U; 0 where the critic was frozen after the warm-up. */
  readonly updates_per_policy_step: number
  /** Updates that the optimiser's schedule has counted, those before a critic was loaded included. */
  readonly optimiser_updates: number
  /** Whether it started from a critic that was trained before, and whether with its optimiser. */
  readonly loaded: boolean
  readonly loaded_optimiser: boolean
  /** Whether nothing trains it any more. */
  readonly frozen: boolean
  /** SHA-256 of the parameters at the start, after the warm-up, and now; names and shapes count. */
  readonly hashes: { readonly start: string; readonly warm: string; readonly now: string }
}
