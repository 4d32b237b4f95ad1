import { Schema } from "effect"

/**
 * The verdict of a check on a completion, e.g. "is the final answer right?". Never a silent 0:
 *
 * - `Scored`: a verdict was reached, and `reason` says how, above all for a 0. A malformed prediction is judged wrong
 *   with a reason; it cannot escape a verdict by being unreadable.
 * - `Unverifiable`: the check itself cannot decide, e.g. the gold answer is no number. Not a fault of the completion.
 * - `TimedOut`: the check was given up; nothing is known.
 * - `Skipped`: the check was not asked for this item.
 */
export const Outcome = Schema.TaggedUnion({
  Scored: { value: Schema.Finite, reason: Schema.String },
  Unverifiable: { reason: Schema.String },
  TimedOut: { milliseconds: Schema.Finite },
  Skipped: { reason: Schema.String }
})
export type Outcome = typeof Outcome.Type

/** A verdict with its value, and how it was reached. */
export const scored = (value: number, reason: string): Outcome => ({ _tag: "Scored", value, reason })

/** The check cannot decide. */
export const unverifiable = (reason: string): Outcome => ({ _tag: "Unverifiable", reason })

/** The check was given up after so many milliseconds. */
export const timedOut = (milliseconds: number): Outcome => ({ _tag: "TimedOut", milliseconds })

/** The check was not asked for. */
export const skipped = (reason: string): Outcome => ({ _tag: "Skipped", reason })

/** Scales a verdict's value; the other outcomes are left as they are. */
export const scale = (outcome: Outcome, factor: number): Outcome =>
  outcome._tag === "Scored" ? scored(outcome.value * factor, outcome.reason) : outcome

/** Whether the verdict is positive; `undefined` where there is none, which a caller must not read as "wrong". */
export const isCorrect = (outcome: Outcome): boolean | undefined =>
  outcome._tag === "Scored" ? outcome.value > 0 : undefined

/** What an outcome says, in a few words. */
export const describe = (outcome: Outcome): string =>
  Outcome.match(outcome, {
    Scored: ({ value, reason }) => `${value} (${reason})`,
    Unverifiable: ({ reason }) => `unverifiable: ${reason}`,
    TimedOut: ({ milliseconds }) => `timed out after ${milliseconds} ms`,
    Skipped: ({ reason }) => `skipped: ${reason}`
  })
