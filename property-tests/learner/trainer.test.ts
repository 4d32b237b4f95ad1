import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Trainer } from "../../src/core/learner/index.ts"
import { adamw, chain, clipByGlobalNorm } from "../../src/core/optim/index.ts"
import { div, matMul, mul, Programs, sub, sum } from "../../src/core/program/index.ts"
import { Rng, type Tensor, Tensors } from "../../src/core/tensor/index.ts"
import * as Subject from "./subject.ts"

const ROWS = 6
const rng = Rng.make(2, "regression")
const random = (n: number) => Float32Array.from({ length: n }, () => Rng.uniform(rng) - 0.5)
const [x, y] = [random(ROWS * 2), random(ROWS)]
const weights = { w: Tensors.f32([0.5, -0.25], [2, 1]) }

/** Squared error of a linear map, of rows that say how many the whole batch has; a second feed is read by no one. */
const trainer = Trainer.make({
  params: { w: Programs.spec([2, 1]) },
  optimiser: chain(clipByGlobalNorm(0.05), adamw({ learningRate: 0.1 })),
  batch: ({ rows }) => ({
    x: Programs.spec([rows, 2]),
    y: Programs.spec([rows, 1]),
    unread: Programs.spec([rows]),
    total: Programs.spec([])
  }),
  loss: ({ w }, batch) => {
    const error = sub(matMul(batch.x, w!), batch.y)
    const loss = div(sum(mul(error, error)), batch.total)
    return { loss, metrics: { mean_error: div(sum(error), batch.x.shape[0]!) } }
  }
})

const feeds = (from: number, to: number) => ({
  x: Tensors.f32(x.slice(2 * from, 2 * to), [to - from, 2]),
  y: Tensors.f32(y.slice(from, to), [to - from, 1]),
  unread: Tensors.full([to - from], 1),
  total: Tensors.scalar(ROWS)
})

const parts = (size: number) =>
  Array.from({ length: ROWS / size }, (_, i) => ({ feeds: feeds(i * size, (i + 1) * size) }))

const shape = (rows: number) => ({ rows, width: 1 })

const numbers = (tensor: Tensor | undefined): ReadonlyArray<number> => Array.from(tensor!.data)

for (const [name, layer] of Subject.backends) {
  describe(`on ${name}`, () => {
    it("law: summed gradients of micro-batches update as the whole batch does, moments, clipping and metrics included", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          for (const size of [1, 2, 3, 6]) {
            const [one, other] = [yield* trainer, yield* trainer]
            yield* one.load(weights)
            yield* other.load(weights)
            for (let i = 0; i < 3; i++) {
              const whole = yield* one.update(i, shape(ROWS), feeds(0, ROWS))
              const summed = yield* other.accumulate(i, shape(size), parts(size))
              expect(Object.keys(summed).sort()).toEqual(Object.keys(whole).sort())
              for (const [key, value] of Object.entries(whole)) expect(summed[key]).toBeCloseTo(value!, 6)
            }
            const [a, b] = [yield* one.save, yield* other.save]
            expect(Object.keys(b)).toEqual(Object.keys(a))
            for (const key of Object.keys(a)) {
              for (const [i, value] of numbers(a[key]).entries()) expect(numbers(b[key])[i]).toBeCloseTo(value, 6)
            }
          }
        })
      ))

    it("error: a micro-batch that is not finite changes nothing, and the next update does not remember the ones before it", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          const one = yield* trainer
          yield* one.load(weights)
          const before = Subject.bytes(yield* one.save)
          const broken = { ...feeds(3, 6), y: Tensors.full([3, 1], Number.NaN) }
          const error = yield* Effect.flip(one.accumulate(0, shape(3), [{ feeds: feeds(0, 3) }, { feeds: broken }]))
          expect(error).toMatchObject({ _tag: "NonFiniteStep", output: "loss" })
          expect(Subject.bytes(yield* one.save)).toEqual(before)
          yield* one.accumulate(0, shape(3), parts(3))
          const other = yield* trainer
          yield* other.load(weights)
          yield* other.accumulate(0, shape(3), parts(3))
          expect(Subject.bytes(yield* one.save)).toEqual(Subject.bytes(yield* other.save))
        })
      ))
  })
}
