import { Effect } from "effect"
import type { ResultRow } from "../../core/data/index.ts"
import { Scorer, type Sequence } from "../../core/learner/index.ts"
import { forward, parameterSpecs, tokenLogProbs } from "../../core/model/index.ts"
import { residentParams } from "../../core/optim/index.ts"
import { pad } from "../../core/program/index.ts"
import { Backend, type Memory } from "../../core/service/index.ts"
import { fitsContext } from "./traceTokens.ts"
import type { WholeModel } from "./wholeModel.ts"

/** The columns of a row that a policy has read. */
export type PolicyColumns = Pick<
  ResultRow,
  "policy_log_probs" | "policy_entropies" | "policy_model_checkpoint" | "policy_model_weights"
>

/** A policy that is ready to read completions, and where it lies for a sampler. */
export interface PolicyReader {
  readonly whole: WholeModel
  readonly memory: Memory
  /** Whether the model can read the whole of a trace. */
  readonly fits: (sequence: Sequence.Sequence) => boolean
  /** Log-probabilities of the completion tokens, and entropies over the whole vocabulary, in nats. */
  readonly read: (
    sequences: ReadonlyArray<Sequence.Sequence>
  ) => Effect.Effect<ReadonlyArray<PolicyColumns>, Scorer.ScoreError>
}

const finite = (values: Iterable<number>): ReadonlyArray<number | null> =>
  Array.from(values, (x) => (Number.isFinite(x) ? x : null))

/** Reads a policy into a memory of its own. @param logitChunk tokens whose logits are held at once */
export const make = Effect.fnUntraced(function* (whole: WholeModel, logitChunk: number | null) {
  const { config } = whole.model
  const memory = yield* (yield* Backend).memory
  yield* memory.write(residentParams(whole.params))
  const readings = yield* Scorer.readings({
    memory,
    params: parameterSpecs(config),
    frozen: true,
    read: (tree, ids) => {
      const { hidden } = forward(config, tree, ids)
      const { logProbs, entropy } = tokenLogProbs(
        config,
        tree,
        hidden,
        ids,
        logitChunk === null ? {} : { chunk: logitChunk }
      )
      return { logProbs: pad(logProbs, 1, 1, 0), entropies: pad(entropy, 1, 1, 0) }
    }
  })
  const read: PolicyReader["read"] = (sequences) =>
    Effect.map(readings(sequences), (rows) =>
      rows.map(({ logProbs, entropies }) => ({
        policy_log_probs: finite(logProbs),
        policy_entropies: finite(entropies),
        policy_model_checkpoint: whole.folder,
        policy_model_weights: whole.weights
      }))
    )
  const fits = (sequence: Sequence.Sequence) => fitsContext(sequence, config.max_position_embeddings)
  return { whole, memory, fits, read } satisfies PolicyReader
})
