import type { Effect } from "effect"

/** A trace as a scorer sees it: what was asked, and what was answered. */
export interface TextTrace {
  /** Names what was asked; traces of one prompt are not independent. */
  readonly promptId: string
  readonly prompt: string
  readonly completion: string
}

/**
 * Anything that gives traces a score, higher = better: a run's reward model, a language model's log-probability, a
 * user's own. Suites know nothing else of it.
 */
export interface TraceScorer<E = never, R = never> {
  readonly name: string
  /** One score a trace, in their order; one that is not finite is no score, and is counted. */
  readonly score: (traces: ReadonlyArray<TextTrace>) => Effect.Effect<ReadonlyArray<number>, E, R>
  /** Whether it can read a text at all, where its vocabulary is closed; any by default. */
  readonly reads?: (completion: string) => boolean
}
