import type { Result } from "effect"
import { type BuildError, type Expr, type Program, Programs, reshape, type Step, Steps } from "../program/index.ts"
import type { Tensor } from "../tensor/index.ts"
import { grad, lower, rematerialise } from "../transform/index.ts"
import { applied } from "./applied.ts"
import type { GradientTransform, Specs, Tree } from "./GradientTransform.ts"
import { inputsUnder, mapKeys, paramName, readBy, stateName, zeros } from "./resident.ts"

/** What a loss function gives: the one-element tensor to minimise, and tensors to report beside it. */
export interface Loss {
  readonly loss: Expr
  readonly metrics?: Tree
}

/** A loss of parameters on a batch. */
export interface LossOptions<B extends Specs> {
  /** Parameters to change. */
  readonly params: Specs
  /** Parameters that the loss reads and the step leaves alone. */
  readonly frozen?: Specs
  /** What each run is fed. */
  readonly batch: B
  /** The loss of a batch; `params` holds the frozen ones too. */
  readonly loss: (params: Tree, batch: { readonly [K in keyof B]: Expr }) => Loss
  /** Put before every resident name, so that several models share one memory, e.g. `"reward/"`; empty by default. */
  readonly scope?: string
  /** Put before the names of frozen parameters, which lie elsewhere where several models share them; `scope` by default. */
  readonly frozenScope?: string
  /**
   * Labels of results that the backward pass may read as they are; everything else of the forward pass is computed again
   * where it is needed, in place of being kept. Without it all is kept. Results are the same.
   */
  readonly checkpoints?: (label: string) => boolean
}

export interface TrainStepOptions<B extends Specs> extends LossOptions<B> {
  readonly optimiser: GradientTransform
}

/** One update of the parameters, ready to compile, and what to feed it. */
export interface TrainStep {
  /**
   * Resident: `<scope>param/<name>` and `<scope>optimiser/<state>`. Results: `loss`, `grad_norm` (before clipping)
   * and the metrics of the loss and the optimiser. A loss or gradient norm that is not finite changes nothing.
   */
  readonly step: Step
  /** The optimiser's memory before the first step: zeros under their resident names. */
  readonly initialState: Readonly<Record<string, Tensor>>
  /** Feeds beside the batch, for a run after `step` updates. */
  readonly feeds: (step: number) => Readonly<Record<string, Tensor>>
  /** The learning rate of that run. Zero for a transform without one. */
  readonly learningRate: (step: number) => number
}

/** The optimiser's memory before the first step, all zeros, under its resident names. */
export const initialState = ({
  params,
  optimiser,
  scope = ""
}: Pick<TrainStepOptions<Specs>, "params" | "optimiser" | "scope">): Readonly<Record<string, Tensor>> =>
  mapKeys(zeros(optimiser.init(params)), (name) => stateName(name, scope))

/** A loss with its gradient in the parameters to change. */
export const differentiated = <const B extends Specs>({
  params: specs,
  frozen = {},
  scope = "",
  frozenScope = scope,
  ...options
}: LossOptions<B>) => {
  const own = (name: string) => paramName(name, scope)
  const shared = (name: string) => paramName(name, frozenScope)
  const params = inputsUnder(specs, own)
  const all = { ...params, ...inputsUnder(frozen, shared) }
  const { loss, metrics = {} } = options.loss(all, Programs.inputsOf(options.batch))
  const names = Object.keys(params)
  const slopes = grad(loss, Object.values(params))
  const gradients: Tree = Object.fromEntries(names.map((name, i) => [name, slopes[i]!]))
  const resident = [...Object.keys(specs).map(own), ...Object.keys(frozen).map(shared)]
  return { params, gradients, loss: reshape(loss, []), metrics, resident }
}

/** The program of a loss with its gradient, ready to compile; `forward` names what comes before the backward pass. */
export const finished = (
  outputs: Tree,
  forward: ReadonlyArray<string>,
  keep: LossOptions<Specs>["checkpoints"]
): Program => {
  const program = lower(Programs.fromExprs(outputs))
  return keep === undefined ? program : rematerialise(program, { forward, keep })
}

/**
 * Builds the step `(parameters, moments), batch -> (parameters, moments)', metrics`: the loss, its gradients,
 * the optimiser's transforms, and the new parameters, in one program.
 */
export const trainStep = <const B extends Specs>(options: TrainStepOptions<B>): Result.Result<TrainStep, BuildError> =>
  Programs.attempt(() => {
    const { params, gradients, loss, metrics, resident } = differentiated(options)
    const update = applied(options.params, options.optimiser, options.scope ?? "", { params, gradients })
    const { grad_norm, ...outputs } = update.outputs
    const forward = ["loss", ...Object.keys(metrics)]
    const program = finished({ loss, grad_norm: grad_norm!, ...metrics, ...outputs }, forward, options.checkpoints)
    const present = readBy(program)
    const step = Steps.make({
      program,
      resident: [...resident, ...update.state].filter(present),
      carry: update.carry,
      guard: ["loss", "grad_norm"]
    })
    return {
      step,
      initialState: initialState(options),
      feeds: (count) => Object.fromEntries(Object.entries(update.feeds(count)).filter(([name]) => present(name))),
      learningRate: update.learningRate
    }
  })
