import { Effect } from "effect"
import type { ResultRow } from "../../core/data/index.ts"
import { type Params, type RewardModel, Scorer, type Sequence, Units } from "../../core/learner/index.ts"
import { residentParams } from "../../core/optim/index.ts"
import { Backend } from "../../core/service/index.ts"

/** A trained reward with everything needed to score completions. */
export interface TrainedReward {
  readonly model: RewardModel
  readonly params: Params
  readonly partition: Units.Partitioner
  /** As written to the rows, e.g. `stepwise(lines)`. */
  readonly kind: string
  /** Where it lies and the digest of its weights, for the rows that it scores; absent before it is saved. */
  readonly saved?: Pick<ResultRow, "reward_model_checkpoint" | "reward_model_weights">
}

/** Logits of every completion token, and the partition that says which of them count. */
export const tokenLogits = (reward: TrainedReward, sequences: ReadonlyArray<Sequence.Sequence>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const backend = yield* Backend
      const memory = yield* backend.memory
      yield* memory.write(residentParams(reward.params))
      const score = yield* Scorer.rewards(reward.model, memory, { frozen: true })
      return yield* score(sequences)
    })
  )

/** Unit rewards of each sequence, in logits, in order. */
export const unitRewards = (reward: TrainedReward, sequences: ReadonlyArray<Sequence.Sequence>) =>
  Effect.map(tokenLogits(reward, sequences), (rows) =>
    rows.map((logits, i) => Units.atUnits(reward.partition(sequences[i]!.completion), logits))
  )

/** The rows with this reward's token rewards (each token the reward of its unit) and unit ends. */
export const scoreRows = (
  reward: TrainedReward,
  rows: ReadonlyArray<ResultRow>,
  promptIds: (row: ResultRow) => ReadonlyArray<number>
) =>
  Effect.map(
    unitRewards(
      reward,
      rows.map((row) => ({ prompt: promptIds(row), completion: row.token_ids ?? [] }))
    ),
    (rewards) =>
      rows.map(
        (row, i): ResultRow => ({
          ...row,
          reward_model_score: Array.from(Units.overTokens(rewards[i]!)),
          reward_unit_ends: Array.from(reward.partition(row.token_ids ?? []).ends),
          reward_kind: reward.kind,
          ...reward.saved
        })
      )
  )
