import { Data, Effect } from "effect"

/** How much a learner holds at once. What it computes does not depend on it, but for rounding. */
export interface Footprint {
  /** Tokens whose logits are held at once, in training and in scoring; all by default. */
  readonly logitChunk?: number
  /** Whether layers and chunks of logits are computed again in the backward pass in place of being kept; false by default. */
  readonly recompute?: boolean
  /**
   * Sequences that are scored together, 64 by default and fewer where the longest is over 256 tokens: programs are of that
   * size, however few sequences there are.
   */
  readonly scoringRows?: number
}

/** A size that means nothing. */
export class BadFootprint extends Data.TaggedError("BadFootprint")<{
  readonly option: "logitChunk" | "scoringRows"
  readonly value: number
}> {
  override get message(): string {
    return `${this.option} is ${this.value}. Give an integer of at least 1, or leave it out.`
  }
}

/** Refuses sizes that mean nothing. */
export const checkFootprint = (given: Footprint): Effect.Effect<void, BadFootprint> => {
  for (const option of ["logitChunk", "scoringRows"] as const) {
    const value = given[option]
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      return Effect.fail(new BadFootprint({ option, value }))
  }
  return Effect.void
}
