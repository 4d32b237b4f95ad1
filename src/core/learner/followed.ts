import { Effect } from "effect"
import { checkAgreement } from "../sampling/index.ts"
import type { BackendFailure, BadFeed, Feeds, Sampler } from "../service/index.ts"
import type * as Scorer from "./Scorer.ts"

/** Whose parameters a sampler follows. */
export interface Followed {
  readonly params: Effect.Effect<Feeds, BackendFailure | BadFeed>
  /** Log-probabilities under the present parameters. */
  readonly logProbs: Scorer.Score
  /** Largest mean |difference| of log-probabilities that is accepted on the first batch, in nats a token. */
  readonly tolerance: number | undefined
}

/**
 * A sampler outside of the trainer's memory, told of the parameters before it draws, whenever they have changed.
 * The log-probabilities of its first batch must agree with the trainer's.
 */
export const followed = (sampler: Sampler["Service"], { params, logProbs, tolerance }: Followed) => {
  let version = 0
  let known = -1
  let agreed = false
  const sample = Effect.fnUntraced(function* (...[requests, options]: Parameters<Sampler["Service"]["sample"]>) {
    const present = version
    if (known !== present) yield* sampler.follow(present, params)
    known = present
    const sampled = yield* sampler.sample(requests, options)
    if (agreed) return sampled
    const own = yield* logProbs(sampled.map(({ completion }, i) => ({ prompt: requests[i]!.prompt, completion })))
    yield* Effect.fromResult(checkAgreement(sampled, own, tolerance))
    agreed = true
    return sampled
  })
  return {
    sample,
    /** The parameters have changed. */
    changed: Effect.sync(() => {
      version++
    })
  }
}
