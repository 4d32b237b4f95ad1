import { forward, type ModelConfig, parameterSpecs, tokenLogProbs } from "../model/index.ts"
import type { Specs, Tree } from "../optim/index.ts"
import {
  add,
  clip,
  constant,
  type Expr,
  gather,
  matMul,
  mul,
  Programs,
  pad,
  reshape,
  slice,
  stopGradient
} from "../program/index.ts"
import { Rng, Shapes, type Tensor, Tensors } from "../tensor/index.ts"
import { type Params, prefixed, unprefixed } from "./Params.ts"
import type { RewardModel } from "./RewardModel.ts"

export interface VerifierHeadOptions {
  /** Shape of the trunk. */
  readonly config: ModelConfig
  /**
   * The trunk: the reference policy's parameters, which are read and never changed. A shared base is the trunk where it is
   * absent: `CriticOptions.over`.
   */
  readonly trunk?: Params
  /** Names the stream of fresh parameters. */
  readonly seed: number
  /** Decoder layers of the head, 1 by default. */
  readonly layers?: number
  /** Tokens whose logits are held at once; all by default. What is computed does not depend on it. */
  readonly logitChunk?: number
}

const VERIFIER = "verifier/"

/** Log-probabilities below this tell nothing more, in nats. */
const LEAST_LOG_PROB = -8

/** Inputs of the layers: standard deviation 1/√fan-in; what adds to the residual stream starts small. */
const SMALL = 0.05

/** Columns 0..T-2 moved one to the right; column 0 becomes zero. */
const delayed = (x: Expr): Expr => pad(slice(x, 1, 0, -1), 1, 1, 0)

const fresh = (specs: Specs, seed: number): Params =>
  Object.fromEntries(
    Object.entries(specs).map(([name, { shape }]): readonly [string, Tensor] => {
      if (name.endsWith("norm.weight")) return [name, Tensors.full(shape, 1)]
      if (name.endsWith("bias") || name.endsWith("log_prob.weight")) return [name, Tensors.full(shape, 0)]
      const deviation = /o_proj|down_proj|score/u.test(name) ? SMALL : 1 / Math.sqrt(shape[shape.length - 1]!)
      return [name, Tensors.f32(Rng.normals(seed, name, Shapes.size(shape), deviation), shape)]
    })
  )

/**
 * A reward model that reads what the reference policy expected.
 *
 * The trunk is frozen. With h its final states, E its embedding and π its distribution, token t enters the head as
 *
 *   z_t = h_t + S·(E[y_t] ⊙ h_{t-1}) + v·max(log π(y_t | y_<t), -8)
 *
 * that is, its state, a comparison of the token with what was predicted, and how likely it was; then come fresh
 * decoder layers, so that a step's end sees all its tokens, and a linear readout. A discriminator between an expert
 * and π has log π in its logit by definition (Fu et al. 2018, D = e^f / (e^f + π)); here its weight v is learned and
 * starts at 0. Only the head trains, which makes an update several times cheaper than one of the trunk, and a small
 * trunk cannot forget what it knows of the task.
 *
 * @see specs/34-airl.md
 */
export const verifierHead = (options: VerifierHeadOptions): RewardModel => {
  const { trunk, seed, layers = 1, logitChunk } = options
  const chunked = logitChunk === undefined ? {} : { chunk: logitChunk }
  const D = options.config.hidden_size
  const config: ModelConfig = { ...options.config, num_hidden_layers: layers }
  const frozen = parameterSpecs(options.config)
  const { "model.embed_tokens.weight": _, ...decoder } = parameterSpecs(config, "none")
  const params = prefixed(VERIFIER, {
    ...decoder,
    "surprise.weight": Programs.spec([D, D]),
    "log_prob.weight": Programs.spec([1, D]),
    "score.weight": Programs.spec([1, D]),
    "score.bias": Programs.spec([1])
  })
  const embed = (tree: Tree, ids: Expr): Expr => {
    const [B, T] = ids.shape as readonly [number, number]
    const own = unprefixed(VERIFIER, tree)
    const { hidden } = forward(options.config, tree, ids)
    const states = reshape(hidden, [B, T, D])
    const embedded = reshape(gather(tree["model.embed_tokens.weight"]!, reshape(ids, [-1])), [B, T, D])
    const compared = reshape(mul(embedded, delayed(states)), [B * T, D])
    const { logProbs } = tokenLogProbs(options.config, tree, hidden, ids, chunked)
    const likely = reshape(pad(clip(logProbs, LEAST_LOG_PROB, 0), 1, 1, 0), [B * T, 1])
    const rows = add(
      add(stopGradient(hidden), matMul(stopGradient(compared), own["surprise.weight"]!, { transB: true })),
      mul(stopGradient(likely), own["log_prob.weight"]!)
    )
    return reshape(rows, [B, T, D])
  }
  const judge = (tree: Tree, embeddings: Expr): Expr => {
    const [B, T] = embeddings.shape as readonly [number, number, number]
    const own = unprefixed(VERIFIER, tree)
    // The shape alone is read of these ids.
    const ids = constant(Tensors.i32(new Int32Array(B * T), [B, T]))
    const read = forward(config, own, ids, { rows: reshape(embeddings, [B * T, D]) }).hidden
    const logits = add(matMul(read, own["score.weight"]!, { transB: true }), reshape(own["score.bias"]!, [1, 1]))
    return reshape(logits, [B, T])
  }
  return {
    name: `verifier head, ${layers} ${layers === 1 ? "layer" : "layers"}`,
    params,
    frozen,
    initial: { ...trunk, ...prefixed(VERIFIER, fresh(unprefixed(VERIFIER, params), seed)) },
    rewards: (tree, ids) => judge(tree, embed(tree, ids)),
    embedded: { embed, rewards: judge }
  }
}
