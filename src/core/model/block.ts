import { add, type Expr, matMul, mul, named, reshape, rmsNorm, silu, transpose } from "../program/index.ts"
import type { ModelConfig } from "./ModelConfig.ts"
import { biases, type Params, parameter } from "./parameters.ts"

/** x · Wᵀ + b for rows x [n, in]: weight `name.weight` [out, in], bias `name.bias` [out] where there is one. */
export const linear = (params: Params, name: string, x: Expr, bias = false): Expr => {
  const y = named(name, matMul(x, parameter(params, `${name}.weight`), { transB: true }))
  return bias ? add(y, reshape(parameter(params, `${name}.bias`), [1, -1])) : y
}

/** The three projections of one layer: rows [n, heads·head_dim], before head norms and rotation. */
export interface Projections {
  readonly queries: Expr
  readonly keys: Expr
  readonly values: Expr
}

/**
 * Root-mean-square norm of each head where the family has one (qwen3), else the identity.
 * heads [..., head_dim]; `which` is q_norm or k_norm.
 */
export const headNorm = (
  config: ModelConfig,
  params: Params,
  layer: number,
  which: "q_norm" | "k_norm",
  heads: Expr
): Expr =>
  config.model_type === "qwen3"
    ? rmsNorm(heads, parameter(params, `model.layers.${layer}.self_attn.${which}.weight`), config.rms_norm_eps)
    : heads

/** down(silu(gate x)·up x) of rows x [n, D]. */
type FeedForward = (config: ModelConfig, params: Params, layer: number, x: Expr) => Expr

const feedForward: FeedForward = (config, params, layer, x) => {
  const of = (name: string, rows: Expr): Expr =>
    linear(params, `model.layers.${layer}.mlp.${name}`, rows, biases(config).mlp)
  return of("down_proj", mul(silu(of("gate_proj", x)), of("up_proj", x)))
}

/**
 * The same for few rows, with features first in between: in W·xᵀ a kernel repacks the few rows and reads the weight
 * where it lies, in x·Wᵀ it would repack the weight (a third slower at 32 rows on a CPU).
 */
export const feedForwardOfFew: FeedForward = (config, params, layer, x) => {
  const of = (name: string, y: Expr, transB: boolean): Expr => {
    const at = `model.layers.${layer}.mlp.${name}`
    const product = named(at, matMul(parameter(params, `${at}.weight`), y, { transB }))
    return biases(config).mlp ? add(product, reshape(parameter(params, `${at}.bias`), [-1, 1])) : product
  }
  return transpose(of("down_proj", mul(silu(of("gate_proj", x, true)), of("up_proj", x, true)), false), [1, 0])
}

/**
 * One pre-norm decoder layer on rows x [n, D]: x + o(attend(qkv(norm x))), then y + feedForward(norm y).
 * `attend` mixes positions: from projections to context rows [n, H·head_dim].
 */
export const block = (
  config: ModelConfig,
  params: Params,
  layer: number,
  x: Expr,
  attend: (projections: Projections) => Expr,
  forwardRows: FeedForward = feedForward
): Expr => {
  const at = `model.layers.${layer}`
  const has = biases(config)
  const norm = (name: string, rows: Expr) =>
    rmsNorm(rows, parameter(params, `${at}.${name}.weight`), config.rms_norm_eps)
  const before = norm("input_layernorm", x)
  const context = attend({
    queries: linear(params, `${at}.self_attn.q_proj`, before, has.qkv),
    keys: linear(params, `${at}.self_attn.k_proj`, before, has.qkv),
    values: linear(params, `${at}.self_attn.v_proj`, before, has.qkv)
  })
  const y = add(x, linear(params, `${at}.self_attn.o_proj`, context, has.output))
  return add(y, forwardRows(config, params, layer, norm("post_attention_layernorm", y)))
}
