import { mul } from "../program/index.ts"
import { type GradientTransform, stateless } from "./GradientTransform.ts"

/**
 * Multiplies the update of each parameter with a factor of its own: after an optimiser, its learning rate over that of
 * the others, decoupled weight decay included.
 */
export const scaleUpdates = (factor: (name: string) => number): GradientTransform =>
  stateless(({ updates }) => ({
    updates: Object.fromEntries(Object.entries(updates).map(([name, x]) => [name, mul(x, factor(name))]))
  }))
