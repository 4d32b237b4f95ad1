import { add, div, type Expr, mul, neg, type Spec, sqrt } from "../program/index.ts"
import type { GradientTransform, Specs } from "./GradientTransform.ts"
import type { Schedule } from "./Schedule.ts"

export interface AdamW {
  /** A rate, or a rate for each step. */
  readonly learningRate: number | Schedule
  /** Decay of the mean of gradients, 0.9 by default. */
  readonly beta1?: number
  /** Decay of the mean of their squares, 0.999 by default. */
  readonly beta2?: number
  /** Added to the root of the second moment, 1e-8 by default. */
  readonly epsilon?: number
  /** Fraction of a parameter that each step takes away, times the learning rate; 0 by default. */
  readonly weightDecay?: number
  /** Which parameters decay: all by default; `matricesOnly` spares norms and biases. */
  readonly decays?: (name: string, spec: Spec) => boolean
}

/** Holds for weights of rank 2 or more, and so not for norms and biases. */
export const matricesOnly = (_name: string, spec: Spec): boolean => spec.shape.length >= 2

/**
 * Adam with decoupled weight decay: with g the incoming update and t = step + 1,
 *
 *     m ← β₁m + (1-β₁)g      v ← β₂v + (1-β₂)g²
 *     update = -λ (m/(1-β₁ᵗ)) / (√(v/(1-β₂ᵗ)) + ε) - λ w θ
 *
 * Both bias corrections are folded into two numbers a step: the rate λ√(1-β₂ᵗ)/(1-β₁ᵗ) and the constant ε√(1-β₂ᵗ).
 * State: `exp_avg/<name>` (m) and `exp_avg_sq/<name>` (v).
 *
 * @see specs/06-optimisers.md, section 1; Loshchilov & Hutter 2019, algorithm 2
 */
export const adamw = (options: AdamW): GradientTransform => {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, decays = () => true } = options
  const { learningRate } = options
  const rate = typeof learningRate === "number" ? () => learningRate : learningRate
  const init = (params: Specs): Specs =>
    Object.fromEntries(
      Object.entries(params).flatMap(([name, spec]) => [
        [`exp_avg/${name}`, spec],
        [`exp_avg_sq/${name}`, spec]
      ])
    )
  const scalars = (step: number) => {
    const learning_rate = rate(step)
    const correction = Math.sqrt(1 - beta2 ** (step + 1))
    return {
      learning_rate,
      adamw_rate: (learning_rate * correction) / (1 - beta1 ** (step + 1)),
      adamw_epsilon: epsilon * correction,
      adamw_decay: learning_rate * weightDecay
    }
  }
  return {
    init,
    scalars,
    update: ({ updates, params, state, scalars: at }) => {
      const next: Record<string, Expr> = {}
      const changed = Object.entries(updates).map(([name, g]) => {
        const m = add(mul(state[`exp_avg/${name}`]!, beta1), mul(g, 1 - beta1))
        const v = add(mul(state[`exp_avg_sq/${name}`]!, beta2), mul(mul(g, g), 1 - beta2))
        next[`exp_avg/${name}`] = m
        next[`exp_avg_sq/${name}`] = v
        const move = div(mul(m, at["adamw_rate"]!), add(sqrt(v), at["adamw_epsilon"]!))
        const p = params[name]!
        const total = weightDecay !== 0 && decays(name, p) ? add(move, mul(p, at["adamw_decay"]!)) : move
        return [name, neg(total)] as const
      })
      return { updates: Object.fromEntries(changed), state: next }
    }
  }
}
