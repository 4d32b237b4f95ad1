import { Effect } from "effect"
import type { Problem } from "../data/index.ts"
import type { Sampled } from "../service/index.ts"
import type { Rng } from "../tensor/index.ts"
import type { Policy } from "./Policy.ts"
import type { Sequence } from "./Sequence.ts"

/** A prompt that the policy answers. */
export interface PromptItem {
  readonly prompt: ReadonlyArray<number>
  /** Index of the expert's trace of this prompt, where there is one. */
  readonly demonstration?: number
  /** What it asks, for outcome rewards to judge by. */
  readonly problem?: Problem
}

/** A completion of the policy in answer to an item. */
export interface Drawn extends Sequence, Omit<Sampled, "completion"> {
  /** Index of the item among those of the batch. */
  readonly item: number
}

/** G completions of each item, those of one item side by side. */
export const collect = (
  policy: Pick<Policy, "sample">,
  items: ReadonlyArray<PromptItem>,
  generations: number,
  rng: Rng.Rng
) => {
  const prompts = items.flatMap(({ prompt }, item) => Array.from({ length: generations }, () => ({ prompt, item })))
  return Effect.map(
    policy.sample(
      prompts.map(({ prompt }) => prompt),
      rng
    ),
    (sampled): ReadonlyArray<Drawn> => sampled.map((one, i) => ({ ...prompts[i]!, ...one }))
  )
}
