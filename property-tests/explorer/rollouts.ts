import fc from "fast-check"
import type { KeyedRow } from "../../src/core/result/index.ts"

/** A rollout of whole words, each a token. */
export const rollout = (
  of: Pick<KeyedRow, "prompt_id" | "generation_idx"> & {
    readonly words: ReadonlyArray<string>
    readonly rewards?: ReadonlyArray<number | null>
    readonly correct?: boolean | undefined
    readonly source?: string
    readonly answer?: string
  }
): KeyedRow => {
  const starts = of.words.map((_, t) => of.words.slice(0, t).join("").length)
  return {
    prompt: [{ role: "user", content: `Question ${of.prompt_id}` }],
    generation: { content: of.words.join("") },
    prompt_id: of.prompt_id,
    generation_idx: of.generation_idx,
    correctness_reward_func: of.correct === undefined ? null : of.correct ? 2 : 0,
    extracted_answer: of.answer ?? null,
    gold_answer: "42",
    token_offsets: starts,
    token_ids: of.words.map((_, t) => t),
    policy_log_probs: of.words.map(() => -1),
    ...(of.rewards === undefined ? {} : { reward_model_score: of.rewards }),
    ...(of.source === undefined ? {} : { source: of.source })
  }
}

/** Any rollouts, scored or not, judged or not. */
export const anyRollouts: fc.Arbitrary<ReadonlyArray<KeyedRow>> = fc
  .array(
    fc.record({
      prompt: fc.integer({ min: 0, max: 4 }),
      rewards: fc.option(
        fc.array(
          fc.integer({ min: -8, max: 8 }).map((x) => x / 4),
          { minLength: 1, maxLength: 6 }
        ),
        {
          nil: undefined
        }
      ),
      correct: fc.option(fc.boolean(), { nil: undefined }),
      source: fc.constantFrom("policy", "expert")
    }),
    { minLength: 1, maxLength: 40 }
  )
  .map((all) =>
    all.map(({ prompt, rewards, correct, source }, i) =>
      rollout({
        prompt_id: `p${prompt}`,
        generation_idx: i,
        words: (rewards ?? [0]).map((_, t) => `w${t} `),
        correct,
        source,
        ...(rewards === undefined ? {} : { rewards })
      })
    )
  )
