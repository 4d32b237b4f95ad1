import { Effect } from "effect"
import { Server } from "../../backends/server/index.ts"
import type { RunConfig } from "../../core/config/index.ts"
import { Selectors } from "../../core/evaluation/index.ts"
import type { Scorer } from "../../core/learner/index.ts"
import {
  checkAgreement,
  type Guided,
  guideChunks,
  guideTopK,
  nextLogits,
  type PrefixScores,
  plain,
  Sampling
} from "../../core/sampling/index.ts"
import type { LogProbMismatch, SamplingOptions } from "../../core/service/index.ts"
import type { PolicyReader } from "./PolicyReader.ts"
import type { RewardReader } from "./RewardReader.ts"

/** How completions are drawn. */
export const samplingOf = ({ eval: own, model }: RunConfig, stopIds: ReadonlyArray<number>): SamplingOptions => ({
  ...plain(model.max_completion_length, stopIds),
  temperature: own.temperature,
  topP: own.top_p
})

/** The discounted mean of a prefix whose tokens all have a reward, else the reward of its last token. */
export const prefixScores = (
  { rewards }: Pick<RewardReader, "rewards">,
  dense: { readonly gamma: number } | undefined
): PrefixScores<Scorer.ScoreError> => {
  const { select } = dense === undefined ? Selectors.last : Selectors.discounted(dense.gamma)
  return (prefixes) =>
    Effect.map(rewards(prefixes), (rows) =>
      rows.map(({ reward_model_score = [] }) => select(reward_model_score.map((x) => x ?? Number.NaN)))
    )
}

/**
 * The draws of a server that holds the policy of this evaluation, which its first batch must show: rows name the weights
 * that drew them.
 */
const serverOf = Effect.fnUntraced(function* ({ training, model }: RunConfig, { whole, read }: PolicyReader) {
  const { sample } = yield* Server.make({
    url: training.vllm_server_base_url!,
    model: training.vllm_model ?? model.name!,
    vocabulary: whole.model.tokenizer.vocabSize,
    logProbs: training.vllm_logprobs_mode,
    modelOnly: true,
    deadline: 1000 * training.vllm_server_timeout
  })
  let isVouchedFor = false
  const vouched: Guided<Scorer.ScoreError | LogProbMismatch> = Effect.fnUntraced(function* (requests, options) {
    const drawn = yield* sample(requests, options)
    if (!isVouchedFor) {
      const own = yield* read(drawn.map(({ completion }, i) => ({ prompt: requests[i]!.prompt, completion })))
      const logProbs = own.map(({ policy_log_probs = [] }) => policy_log_probs.map((x) => x ?? Number.NaN))
      yield* Effect.fromResult(checkAgreement(drawn, logProbs))
      isVouchedFor = true
    }
    return drawn
  })
  return vouched
})

/** What draws the completions: the policy here or on a server, led by the reward where the configuration says so. */
export const drawing = Effect.fnUntraced(function* (
  config: RunConfig,
  policy: PolicyReader,
  reward: RewardReader | undefined,
  longestPrompt: number
) {
  const { guidance, model, training } = config
  const { model: folder } = policy.whole
  const contextLength = Math.min(folder.config.max_position_embeddings, longestPrompt + model.max_completion_length)
  const vocabulary = folder.tokenizer.vocabSize
  const { memory } = policy
  const scores =
    reward === undefined
      ? undefined
      : prefixScores(reward, reward.everyToken ? { gamma: guidance.dense_reward_gamma } : undefined)
  if (scores !== undefined && guidance.method === "topk") {
    const logits = yield* nextLogits({ config: folder.config, memory })
    return yield* guideTopK({ logits, scores, alpha: guidance.alpha, k: guidance.k, vocabulary, contextLength })
  }
  const sample = training.use_vllm
    ? yield* serverOf(config, policy)
    : (yield* Sampling.make({
        config: folder.config,
        memory,
        frozen: true,
        contextLength,
        vocabulary,
        batchSize: 128
      })).sample
  const guided: Guided<Scorer.ScoreError | LogProbMismatch> =
    scores !== undefined && guidance.method === "chunk"
      ? guideChunks({ sample, scores, candidates: guidance.n_candidates, stepSize: guidance.step_size })
      : sample
  return guided
})
