import { Effect } from "effect"
import type { Params, PolicyStage } from "../../core/learner/index.ts"
import type { Json, Metrics, Stage } from "../../core/run/index.ts"

/** What a look at held-out problems found. */
export interface Look {
  readonly metrics: Metrics
  /** What to keep the policy by: more is better. */
  readonly value: number
}

export interface KeepingOptions<E, R> {
  /** Steps between two looks; one more follows the last step. */
  readonly every: number
  readonly keep: "best" | "last"
  readonly look: (policy: Params, steps: number) => Effect.Effect<Look, E, R>
}

interface Best {
  readonly value: number
  readonly step: number
}

const BEST = "best/"

/**
 * The stage, with a look at held-out problems every so many steps, whose metrics join those of the step. Its result is
 * the policy of the best look, the earliest of equals, or the last policy.
 */
export const keepingBest = <E, R>(stage: PolicyStage, { every, keep, look }: KeepingOptions<E, R>) => {
  let best: Best | undefined
  let kept: Params = {}
  type Fails = E | Effect.Error<PolicyStage["result"]>
  const looked = Effect.fnUntraced(function* (steps: number) {
    const policy = yield* stage.result
    const { metrics, value } = yield* look(policy, steps)
    if (best === undefined || value > best.value) {
      best = { value, step: steps }
      kept = policy
    }
    return metrics
  })
  const watched: Stage<Fails, R> & { readonly result: Effect.Effect<Params, Fails> } = {
    ...stage,
    start: Effect.andThen(
      Effect.sync(() => {
        best = undefined
        kept = {}
      }),
      stage.start
    ),
    step: Effect.fnUntraced(function* (index) {
      const metrics = yield* stage.step(index)
      const due = (index + 1) % every === 0 || index + 1 === stage.steps
      return due ? { ...metrics, ...(yield* looked(index + 1)) } : metrics
    }),
    save: Effect.map(stage.save, ({ tensors, state }) => ({
      tensors: {
        ...tensors,
        ...Object.fromEntries(Object.entries(kept).map(([name, tensor]) => [`${BEST}${name}`, tensor]))
      },
      state: { stage: state, best: best === undefined ? null : { ...best } } satisfies Json
    })),
    restore: ({ tensors, state }) => {
      const saved = state as { readonly stage: Json; readonly best: Best | null }
      const own = Object.entries(tensors).filter(([name]) => !name.startsWith(BEST))
      const others = Object.entries(tensors).filter(([name]) => name.startsWith(BEST))
      best = saved.best ?? undefined
      kept = Object.fromEntries(others.map(([name, tensor]) => [name.slice(BEST.length), tensor]))
      return stage.restore({ tensors: Object.fromEntries(own), state: saved.stage })
    },
    result: Effect.suspend(() => (keep === "best" && best !== undefined ? Effect.succeed(kept) : stage.result))
  }
  return watched
}
