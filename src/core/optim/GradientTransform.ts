import { type Expr, InvalidProgram, type Spec } from "../program/index.ts"

/** Tensors by parameter name. */
export type Tree = Readonly<Record<string, Expr>>

/** Types by name. */
export type Specs = Readonly<Record<string, Spec>>

/** What one update sees. */
export interface UpdateInput {
  /** What the transform before handed on: at first the gradients of the loss. */
  readonly updates: Tree
  readonly params: Tree
  readonly state: Tree
  /** The transform's `scalars` of this step, as rank-0 inputs. */
  readonly scalars: Tree
}

export interface UpdateOutput {
  readonly updates: Tree
  /** Every tensor that `init` named, after the step. */
  readonly state: Tree
  /** One-element tensors to report. */
  readonly metrics?: Tree
}

/**
 * One stage between the gradients and the change of the parameters: a pair of pure functions on symbolic tensors.
 * After the last stage, `parameter + update` is the new parameter.
 */
export interface GradientTransform {
  /** Types of the tensors it remembers between steps. They start at zero. */
  readonly init: (params: Specs) => Specs
  readonly update: (input: UpdateInput) => UpdateOutput
  /**
   * Numbers that depend on the count of earlier updates alone, computed in double precision outside the program:
   * 1 - β^t in single precision would lose four digits at the first steps.
   */
  readonly scalars: (step: number) => Readonly<Record<string, number>>
}

/** A transform without memory and without scalars. */
export const stateless = (update: (input: UpdateInput) => Omit<UpdateOutput, "state">): GradientTransform => ({
  init: () => ({}),
  update: (input) => ({ state: {}, ...update(input) }),
  scalars: () => ({})
})

const disjoint = <A>(what: string, parts: ReadonlyArray<Readonly<Record<string, A>>>): Readonly<Record<string, A>> => {
  const all: Record<string, A> = {}
  for (const [name, value] of parts.flatMap(Object.entries<A>)) {
    if (name in all) throw new InvalidProgram({ reason: `two chained transforms have a ${what} named "${name}".` })
    all[name] = value
  }
  return all
}

/**
 * One transform after the other; an empty chain hands gradients on unchanged.
 *
 * @throws InvalidProgram when two of them name a state, a scalar or a metric alike
 */
export const chain = (...transforms: ReadonlyArray<GradientTransform>): GradientTransform => ({
  init: (params) =>
    disjoint(
      "state",
      transforms.map((t) => t.init(params))
    ),
  scalars: (step) =>
    disjoint(
      "scalar",
      transforms.map((t) => t.scalars(step))
    ),
  update: (input) => {
    let updates = input.updates
    const outputs = transforms.map((t) => {
      const output = t.update({ ...input, updates })
      updates = output.updates
      return output
    })
    return {
      updates,
      state: disjoint(
        "state",
        outputs.map((o) => o.state)
      ),
      metrics: disjoint(
        "metric",
        outputs.map((o) => o.metrics ?? {})
      )
    }
  }
})
