import { add, cast, type Expr, greater, mul, reshape, scalar, sum } from "../program/index.ts"
import { type GradientTransform, stateless } from "./GradientTransform.ts"

/** Reports as `grad_tensors` how many parameters have a gradient that is not all zeros; changes nothing. */
export const countGradients: GradientTransform = stateless(({ updates }) => ({
  updates,
  metrics: {
    grad_tensors: Object.values(updates).reduce(
      (count: Expr, g) => add(count, reshape(cast(greater(sum(mul(g, g)), 0), "f32"), [])),
      scalar(0)
    )
  }
}))
