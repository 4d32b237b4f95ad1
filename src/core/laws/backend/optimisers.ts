import { Effect, type Layer } from "effect"
import {
  adamw,
  applyStep,
  chain,
  clipByGlobalNorm,
  type GradientTransform,
  gradientStep,
  gradientSums,
  type LossOptions,
  matricesOnly,
  residentParams,
  Schedules,
  type Specs,
  trainStep
} from "../../optim/index.ts"
import { add, matMul, mean, mul, Programs, sub, tanh } from "../../program/index.ts"
import { Backend, type Feeds } from "../../service/index.ts"
import { Tensors } from "../../tensor/index.ts"
import { floats } from "../program/index.ts"
import { type BackendLaw, backendLaw } from "./BackendLaw.ts"
import { beside } from "./beside.ts"
import { disagreement, type Tolerance } from "./Tolerance.ts"

const [rows, steps] = [6, 5] as const

/** tanh(x W + b) v against y. */
const regression = {
  params: { w: Programs.spec([4, 5]), b: Programs.spec([1, 5]), v: Programs.spec([5, 1]) },
  batch: { x: Programs.spec([rows, 4]), y: Programs.spec([rows, 1]) },
  loss: ({ w, b, v }, { x, y }) => {
    const error = sub(matMul(tanh(add(matMul(x, w!), b!)), v!), y)
    return { loss: mean(mul(error, error)), metrics: { bias: mean(error) } }
  }
} satisfies LossOptions<Specs & { readonly x: unknown; readonly y: unknown }>

const initial: Feeds = Object.fromEntries(
  Object.entries(regression.params).map(([name, { shape }]) => [name, floats(1, name, shape)])
)

const batchOf = (step: number): Feeds => ({ x: floats(step, "x", [rows, 4]), y: floats(step, "y", [rows, 1]) })

const optimisers: Readonly<Record<string, GradientTransform>> = {
  adamw: adamw({ learningRate: 0.05 }),
  "adamw with decay, clipping and a schedule": chain(
    clipByGlobalNorm(0.5),
    adamw({
      learningRate: Schedules.cosine({ peak: 0.1, warmupSteps: 2, totalSteps: steps }),
      beta2: 0.95,
      weightDecay: 0.1,
      decays: matricesOnly
    })
  )
}

/** What every step reports, and memory at the end. */
const journal = (results: ReadonlyArray<Feeds>, memory: Feeds): Feeds => ({
  ...Object.fromEntries(
    results.flatMap((result, i) => Object.entries(result).map(([name, t]) => [`step ${i}: ${name}`, t]))
  ),
  ...memory
})

const together = (optimiser: GradientTransform) =>
  Effect.gen(function* () {
    const { memory: make, compile } = yield* Backend
    const memory = yield* make
    const plan = yield* Effect.fromResult(trainStep({ ...regression, optimiser }))
    yield* memory.write({ ...residentParams(initial), ...plan.initialState })
    const step = yield* compile(plan.step, { memory })
    const results = yield* Effect.forEach(Array.from({ length: steps }), (_, i) =>
      step.run({ ...batchOf(i), ...plan.feeds(i) })
    )
    return journal(results, yield* memory.read(yield* memory.names))
  })

/** Gradients of two batches are summed for every update. */
const inParts = (optimiser: GradientTransform) =>
  Effect.gen(function* () {
    const { memory: make, compile } = yield* Backend
    const memory = yield* make
    const { params } = regression
    const apply = yield* Effect.fromResult(applyStep({ params, optimiser }))
    yield* memory.write({ ...residentParams(initial), ...apply.initialState, ...gradientSums(params) })
    const summing = yield* compile(yield* Effect.fromResult(gradientStep(regression)), { memory })
    const applying = yield* compile(apply.step, { memory })
    const results = yield* Effect.forEach(Array.from({ length: steps }), (_, i) =>
      Effect.gen(function* () {
        yield* summing.run({ ...batchOf(2 * i), keep: Tensors.scalar(0) })
        const { loss } = yield* summing.run({ ...batchOf(2 * i + 1), keep: Tensors.scalar(1) })
        return { loss: loss!, ...(yield* applying.run(apply.feeds(i))) }
      })
    )
    return journal(results, yield* memory.read(yield* memory.names))
  })

/** That some updates leave metrics, parameters and moments as they do on the reference. */
export const optimiserLaws = (reference: Layer.Layer<Backend>, tolerance: Tolerance): ReadonlyArray<BackendLaw> =>
  Object.entries(optimisers).flatMap(([name, optimiser]) =>
    (
      [
        ["whole batches", together(optimiser)],
        ["summed micro-batches", inParts(optimiser)]
      ] as const
    ).map(([how, run]) =>
      backendLaw(
        "optimisers",
        `${name}: ${steps} updates on ${how} leave equal metrics, parameters and moments`,
        Effect.map(beside(reference, run), ([found, expected]) => disagreement(found, expected, tolerance))
      )
    )
  )
