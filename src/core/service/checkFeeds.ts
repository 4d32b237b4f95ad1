import { Result } from "effect"
import { Programs, type Spec, type Step } from "../program/index.ts"
import { Kinds, Shapes, type Tensor } from "../tensor/index.ts"
import type { Feeds } from "./Backend.ts"
import { BadFeed } from "./errors.ts"

/** Why a tensor is none, if it is none: it has more elements than its shape says, or fewer. */
export const miscounted = (t: Tensor): string | undefined => {
  const size = Shapes.size(t.shape)
  return t.data.length === size
    ? undefined
    : `its shape ${Shapes.print(t.shape)} needs ${size} elements, it has ${t.data.length}.`
}

/** Why a tensor cannot be this input, if it cannot. */
export const misfit = (t: Tensor, to: Spec): string | undefined =>
  t.dtype === to.dtype && Shapes.equal(t.shape, to.shape)
    ? miscounted(t)
    : `it is ${Kinds.show(t)}, the program needs ${Kinds.show(to)}.`

const problem = (feeds: Feeds, inputs: Readonly<Record<string, Spec>>, step: Step): BadFeed | undefined => {
  const fed = Object.keys(inputs).filter((name) => !step.resident.includes(name))
  for (const name of fed) {
    const t = feeds[name]
    const reason =
      t === undefined ? `it is missing; the program needs ${Kinds.show(inputs[name]!)}.` : misfit(t, inputs[name]!)
    if (reason !== undefined) return new BadFeed({ name, reason })
  }
  const surplus = Object.keys(feeds).find((name) => !fed.includes(name))
  if (surplus === undefined) return undefined
  const reason = step.resident.includes(surplus)
    ? "it is resident: write it to memory instead."
    : `the program has no such input; it has: ${fed.join(", ") || "none"}.`
  return new BadFeed({ name: surplus, reason })
}

/**
 * Whether feeds are exactly the inputs that a run of the step must be given, each of its type: for backends, before
 * anything runs.
 */
export const checkFeeds = (step: Step): ((feeds: Feeds) => Result.Result<void, BadFeed>) => {
  const inputs = Programs.inputs(step.program)
  return (feeds) => {
    const found = problem(feeds, inputs, step)
    return found === undefined ? Result.succeed(undefined) : Result.fail(found)
  }
}
