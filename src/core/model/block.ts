import { add, type Expr, matMul, mul, named, reshape, rmsNorm, silu } from "../program/index.ts"
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

/**
 * One pre-norm decoder layer on rows x [n, D]: x + o(attend(qkv(norm x))), then y + down(silu(gate)·up) of its norm.
 * `attend` mixes positions: from projections to context rows [n, H·head_dim].
 */
export const block = (
  config: ModelConfig,
  params: Params,
  layer: number,
  x: Expr,
  attend: (projections: Projections) => Expr
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
  const middle = norm("post_attention_layernorm", y)
  const gate = silu(linear(params, `${at}.mlp.gate_proj`, middle, has.mlp))
  const up = linear(params, `${at}.mlp.up_proj`, middle, has.mlp)
  return add(y, linear(params, `${at}.mlp.down_proj`, mul(gate, up), has.mlp))
}
