import { Data, Effect } from "effect"
import { type Json, sha256 } from "../run/index.ts"
import type { Tensor } from "../tensor/index.ts"
import type { SavedCritic } from "./CriticOptions.ts"
import type { Params } from "./Params.ts"

/** Updates of a critic that were made here. */
export interface Updates {
  readonly warmup: number
  /** Since the warm-up. */
  readonly since: number
}

export const none: Updates = { warmup: 0, since: 0 }

/** What is told of a reward model beside its weights: `reward_training_state.json`. */
export interface CriticState {
  /** Updates of the warm-up that were made here. */
  readonly warmup_steps: number
  /** Updates since the warm-up. */
  readonly updates_since_warmup: number
  /** U; 0 where the critic is frozen after the warm-up. */
  readonly updates_per_policy_step: number
  /** Updates that the optimiser's schedule has counted, those before a critic was loaded included. */
  readonly optimiser_updates: number
  /** Whether it started from a critic that was trained before, and whether with its optimiser. */
  readonly loaded: boolean
  readonly loaded_optimiser: boolean
  /** Whether no update follows the warm-up. */
  readonly frozen: boolean
  /** SHA-256 of the parameters after the warm-up (or at the start, where there was none) and now. */
  readonly hashes: { readonly warm: string; readonly now: string }
}

/** SHA-256 of tensors by name, in the order of their names: types, shapes and bytes count. */
export const hashOf = (params: Params): Effect.Effect<string> =>
  Effect.gen(function* () {
    const names = Object.keys(params).sort()
    const parts = yield* Effect.forEach(names, (name) => {
      const { data, dtype, shape } = params[name]!
      // Backends that hold floats wide and those that do not agree on the numbers, and so on the hash.
      const narrow = dtype === "f32" ? Float32Array.from(data) : data
      const bytes = new Uint8Array(narrow.buffer, narrow.byteOffset, narrow.byteLength)
      return Effect.map(sha256(bytes), (digest): Json => [name, dtype, shape, digest])
    })
    return yield* sha256(new TextEncoder().encode(JSON.stringify(parts)))
  })

/** The state of a critic. */
export const of = Effect.fnUntraced(function* (options: {
  readonly updates: Updates
  readonly updatesPerStep: number
  readonly load: SavedCritic | undefined
  readonly saved: SavedCritic
  readonly warm: Params
}) {
  const { updates, updatesPerStep, load, saved, warm } = options
  return {
    warmup_steps: updates.warmup,
    updates_since_warmup: updates.since,
    updates_per_policy_step: updatesPerStep,
    optimiser_updates: saved.optimiser?.updates ?? 0,
    loaded: load !== undefined,
    loaded_optimiser: load?.optimiser !== undefined,
    frozen: updatesPerStep === 0,
    hashes: { warm: yield* hashOf(warm), now: yield* hashOf(saved.params) }
  } satisfies CriticState
})

/** A critic that was updated since its warm-up, and is bit for bit what it was then. */
export class CriticLeftAlone extends Data.TaggedError("CriticLeftAlone")<{ readonly updates: number }> {
  override get message(): string {
    return (
      `The critic is bit for bit what it was after the warm-up, ${this.updates} updates ago. ` +
      "Look at its learning rate, set criticUpdates: 0 to freeze it, or failOnUnchanged: false to go on."
    )
  }
}

/** A frozen critic that is no longer what it was after the warm-up. */
export class FrozenCriticChanged extends Data.TaggedError("FrozenCriticChanged")<{
  /** The first parameter that differs. */
  readonly parameter: string
}> {
  override get message(): string {
    return `The critic is frozen, yet "${this.parameter}" is not what it was after the warm-up: something else writes to its memory.`
  }
}

const same = (a: Tensor, b: Tensor | undefined): boolean =>
  b !== undefined && a.data.every((x, i) => Object.is(x, b.data[i]))

/** Fails where a critic that is frozen changed since the warm-up, or one that is updated did not. */
export const checkLearned = (
  { criticUpdates, failOnUnchanged = true }: { readonly criticUpdates: number; readonly failOnUnchanged?: boolean },
  { since }: Updates,
  warm: Params,
  now: Params
): Effect.Effect<void, CriticLeftAlone | FrozenCriticChanged> => {
  const parameter = Object.keys(warm).find((name) => !same(warm[name]!, now[name]))
  if (criticUpdates === 0 && parameter !== undefined) return Effect.fail(new FrozenCriticChanged({ parameter }))
  if (failOnUnchanged && since > 0 && parameter === undefined)
    return Effect.fail(new CriticLeftAlone({ updates: since }))
  return Effect.void
}
