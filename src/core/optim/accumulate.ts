import type { Result } from "effect"
import { add, type BuildError, input, mul, Programs, type Step, Steps } from "../program/index.ts"
import type { Tensor } from "../tensor/index.ts"
import { lower } from "../transform/index.ts"
import { applied } from "./applied.ts"
import { globalNorm } from "./clipByGlobalNorm.ts"
import type { Specs, Tree } from "./GradientTransform.ts"
import { gradientName, inputsUnder, mapKeys, paramName, readBy, zeros } from "./resident.ts"
import {
  differentiated,
  finished,
  initialState,
  type LossOptions,
  type TrainStep,
  type TrainStepOptions
} from "./trainStep.ts"

/** Memory in which gradients of micro-batches are summed, all zeros, under its resident names. */
export const gradientSums = (params: Specs, scope = ""): Readonly<Record<string, Tensor>> =>
  mapKeys(zeros(params), (name) => gradientName(name, scope))

/**
 * Builds the step that adds the gradient of a micro-batch's loss to `gradientSums`. It is fed `keep` beside the batch: 0
 * for the first micro-batch of an update, which forgets what was summed, and 1 for the others. Results: `loss` and its
 * metrics, and `grad_norm` of the sum so far. A loss or gradient norm that is not finite changes nothing.
 */
export const gradientStep = <const B extends Specs>(options: LossOptions<B>): Result.Result<Step, BuildError> =>
  Programs.attempt(() => {
    const slot = (name: string) => gradientName(name, options.scope ?? "")
    const next = (name: string) => `next/${slot(name)}`
    const { gradients, loss, metrics, resident } = differentiated(options)
    const before = inputsUnder(options.params, slot)
    const keep = input("keep", [])
    const names = Object.keys(options.params)
    const sums: Tree = Object.fromEntries(names.map((name) => [name, add(mul(before[name]!, keep), gradients[name]!)]))
    const grad_norm = globalNorm(sums)
    const forward = ["loss", ...Object.keys(metrics)]
    const outputs = { loss, grad_norm, ...metrics, ...mapKeys(sums, next) }
    const program = finished(outputs, forward, options.checkpoints)
    return Steps.make({
      program,
      resident: [...resident, ...names.map(slot)].filter(readBy(program)),
      carry: names.map((name) => Steps.replace(next(name), slot(name))),
      guard: ["loss", "grad_norm"]
    })
  })

/** Builds the step that updates the parameters by the gradients that were summed, as `trainStep` does by those of one batch. */
export const applyStep = (
  options: Pick<TrainStepOptions<Specs>, "params" | "optimiser" | "scope">
): Result.Result<TrainStep, BuildError> =>
  Programs.attempt(() => {
    const { params: specs, optimiser, scope = "" } = options
    const params = inputsUnder(specs, (name) => paramName(name, scope))
    const gradients = inputsUnder(specs, (name) => gradientName(name, scope))
    const update = applied(specs, optimiser, scope, { params, gradients })
    const program = lower(Programs.fromExprs(update.outputs))
    const present = readBy(program)
    const names = Object.keys(specs)
    const step = Steps.make({
      program,
      resident: [
        ...names.map((name) => paramName(name, scope)),
        ...names.map((name) => gradientName(name, scope)),
        ...update.state
      ].filter(present),
      carry: update.carry,
      guard: ["grad_norm"]
    })
    return {
      step,
      initialState: initialState(options),
      feeds: (count) => Object.fromEntries(Object.entries(update.feeds(count)).filter(([name]) => present(name))),
      learningRate: update.learningRate
    }
  })
