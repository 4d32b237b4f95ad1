import { add, cast, concat, constant, cos, type Expr, mul, reshape, sin, slice, sub } from "../program/index.ts"
import { Tensors } from "../tensor/index.ts"
import type { ModelConfig } from "./ModelConfig.ts"

/**
 * Angular frequency of each pair of a head's dimensions, in radians a position: θ^(-2i/d), i < d/2, after the
 * Llama 3 scaling where the configuration asks for it: wavelengths above original/low are stretched by `factor`,
 * those below original/high kept, those between interpolated linearly in original/wavelength.
 *
 * @see specs/05-decoder.md, Su et al. 2021 (RoFormer) section 3.2
 */
export const frequencies = (config: ModelConfig): ReadonlyArray<number> => {
  const { head_dim, rope_theta, rope_scaling: scaling } = config
  return Array.from({ length: head_dim / 2 }, (_, i) => {
    const base = rope_theta ** ((-2 * i) / head_dim)
    if (scaling === null) return base
    const { factor, low_freq_factor: low, high_freq_factor: high } = scaling
    const turns = (scaling.original_max_position_embeddings * base) / (2 * Math.PI)
    const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)))
    return base * (kept + (1 - kept) / factor)
  })
}

/** Cosine and sine of every rotation, ready to multiply halves of heads. */
export interface Rotation {
  readonly cos: Expr
  readonly sin: Expr
}

/** Rotations of positions 0 to T-1 as constants [1, 1, T, head_dim/2]. */
export const rotationOf = (config: ModelConfig, T: number): Rotation => {
  const rates = frequencies(config)
  const angles = Array.from({ length: T }, (_, t) => rates.map((rate) => t * rate)).flat()
  const table = (f: (angle: number) => number) => constant(Tensors.f64(angles.map(f), [1, 1, T, rates.length]))
  return { cos: table(Math.cos), sin: table(Math.sin) }
}

/** Rotations of positions known only at run time: positions [...] i32, result [..., head_dim/2]. */
export const rotationAt = (config: ModelConfig, positions: Expr): Rotation => {
  const rates = frequencies(config)
  const ones = positions.shape.map(() => 1)
  const angles = mul(
    reshape(cast(positions, "f32"), [...positions.shape, 1]),
    constant(Tensors.f64(rates, [...ones, rates.length]))
  )
  return { cos: cos(angles), sin: sin(angles) }
}

/**
 * Rotates each pair (x_i, x_{i+d/2}) of the last axis by its angle, as checkpoints of these families store heads.
 * x [..., head_dim]; the rotation's leading axes agree with x's or are 1.
 */
export const rotate = (x: Expr, rotation: Rotation): Expr => {
  const half = x.shape[x.shape.length - 1]! / 2
  const a = slice(x, -1, 0, half)
  const b = slice(x, -1, half)
  return concat([sub(mul(a, rotation.cos), mul(b, rotation.sin)), add(mul(b, rotation.cos), mul(a, rotation.sin))], -1)
}
