import { Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { evaluate } from "../../src/core/kernel/index.ts"
import {
  adamw,
  chain,
  clipByGlobalNorm,
  type GradientTransform,
  globalNorm,
  type Specs,
  stateless,
  trainStep
} from "../../src/core/optim/index.ts"
import { add, mul, Programs, reshape, sum } from "../../src/core/program/index.ts"
import { Shapes, type Tensor, Tensors } from "../../src/core/tensor/index.ts"

type Values = Readonly<Record<string, Tensor>>

const specs: Specs = { bias: Programs.spec([3]), weight: Programs.spec([2, 3]) }

// Thousandths: doubles drawn evenly over their representation are almost all next to zero.
const real = fc.integer({ min: -10_000, max: 10_000 }).map((x) => x / 1000)
const values: fc.Arbitrary<Values> = fc.record(
  Object.fromEntries(
    Object.entries(specs).map(([name, { shape }]) => {
      const n = Shapes.size(shape)
      return [name, fc.array(real, { minLength: n, maxLength: n }).map((x) => Tensors.f64(x, shape))]
    })
  )
)

const scaled = (by: number, of: Values): Values =>
  Object.fromEntries(
    Object.entries(of).map(([name, t]) => [
      name,
      Tensors.f64(
        Array.from(t.data, (x) => x * by),
        t.shape
      )
    ])
  )

/** Parameters after updates with these gradients in turn. */
const updated = (optimiser: GradientTransform, start: Values, gradients: ReadonlyArray<Values>): Values => {
  const train = Result.getOrThrow(
    trainStep({
      params: specs,
      batch: specs,
      loss: (p, g) => ({
        loss: Object.keys(specs)
          .map((name) => reshape(sum(mul(p[name]!, g[name]!)), []))
          .reduce((a, b) => add(a, b))
      }),
      optimiser
    })
  )
  const under = (prefix: string, of: Values): Values =>
    Object.fromEntries(Object.entries(of).map(([name, t]) => [`${prefix}${name}`, t]))
  let memory: Values = { ...under("param/", start), ...train.initialState }
  for (const [step, g] of gradients.entries()) {
    const results = evaluate(train.step.program, { ...memory, ...g, ...train.feeds(step) })
    memory = Object.fromEntries(train.step.carry.map(({ output, into }) => [into, results[output]!]))
  }
  return Object.fromEntries(Object.keys(specs).map((name) => [name, memory[`param/${name}`]!]))
}

const flat = (of: Values): ReadonlyArray<number> => Object.keys(specs).flatMap((name) => Array.from(of[name]!.data))
const normOf = (of: Values): number => Math.hypot(...flat(of))
const near = (actual: Values, expected: Values, digits: number): void => {
  const e = flat(expected)
  for (const [i, x] of flat(actual).entries()) expect(x).toBeCloseTo(e[i]!, digits)
}

const clipped = (maxNorm: number, gradients: Values): Values => {
  const built = Programs.build(specs, (updates) => {
    const out = clipByGlobalNorm(maxNorm).update({ updates, params: updates, state: {}, scalars: {} })
    return { ...out.updates, norm: globalNorm(updates) }
  })
  return evaluate(Result.getOrThrow(built), gradients)
}

const options = { seed: 42, numRuns: 100 }
const positive = fc.integer({ min: 1, max: 10_000 }).map((x) => x / 100)

describe("clipByGlobalNorm", () => {
  it("law: the norm after is the smaller of the norm before and the bound, and the direction stays", () => {
    fc.assert(
      fc.property(values, positive, (gradients, maxNorm) => {
        const before = normOf(gradients)
        const out = clipped(maxNorm, gradients)
        expect(Tensors.item(out["norm"]!)).toBeCloseTo(before, 10)
        expect(normOf(out)).toBeLessThanOrEqual(maxNorm)
        expect(normOf(out)).toBeGreaterThanOrEqual(
          Math.min(before, maxNorm) * (1 - 1e-6 / Math.max(before, 1e-6)) - 1e-12
        )
        if (before > 0) near(out, scaled(normOf(out) / before, gradients), 10)
      }),
      options
    )
  })

  it("law: below the bound nothing changes, to the bit", () => {
    fc.assert(
      fc.property(values, (gradients) => {
        expect(flat(clipped(normOf(gradients) + 1, gradients))).toEqual(flat(gradients))
      }),
      options
    )
  })
})

describe("adamw", () => {
  it("law: without epsilon only the direction of gradients counts, not their scale", () => {
    const optimiser = adamw({ learningRate: 0.1, epsilon: 0, weightDecay: 0.01 })
    const gradients = fc.array(values, { minLength: 1, maxLength: 3 })
    const nonZero = gradients.filter((gs) => flat(gs[0]!).every((x) => Math.abs(x) > 1e-3))
    fc.assert(
      fc.property(values, nonZero, positive, (start, gs, by) => {
        near(
          updated(
            optimiser,
            start,
            gs.map((g) => scaled(by, g))
          ),
          updated(optimiser, start, gs),
          9
        )
      }),
      options
    )
  })

  it("law: without gradients parameters decay by (1 - λw) a step", () => {
    const optimiser = adamw({ learningRate: 0.1, weightDecay: 0.5 })
    fc.assert(
      fc.property(values, fc.nat(3), (start, n) => {
        const none = scaled(0, start)
        near(updated(optimiser, start, Array(n).fill(none)), scaled(0.95 ** n, start), 10)
      }),
      options
    )
  })

  it("law: a rate of 0 leaves parameters as they are", () => {
    fc.assert(
      fc.property(values, values, (start, g) => {
        expect(flat(updated(adamw({ learningRate: 0, weightDecay: 1 }), start, [g, g]))).toEqual(flat(start))
      }),
      options
    )
  })
})

describe("chain", () => {
  it("law: an empty chain adds the gradients as they are", () => {
    fc.assert(
      fc.property(values, values, (start, g) => {
        const moved = flat(start).map((x, i) => x + flat(g)[i]!)
        expect(flat(updated(chain(), start, [g]))).toEqual(moved)
      }),
      options
    )
  })

  it("law: each transform sees what the one before handed on", () => {
    const times = (by: number) =>
      stateless(({ updates }) => ({
        updates: Object.fromEntries(Object.entries(updates).map(([name, x]) => [name, mul(add(x, 1), by)]))
      }))
    fc.assert(
      fc.property(values, values, (start, g) => {
        const moved = flat(start).map((x, i) => x + ((flat(g)[i]! + 1) * 2 + 1) * 3)
        for (const [i, x] of flat(updated(chain(times(2), times(3)), start, [g])).entries()) {
          expect(x).toBeCloseTo(moved[i]!, 10)
        }
      }),
      options
    )
  })

  it("law: chains nest", () => {
    const [a, b, c] = [clipByGlobalNorm(3), adamw({ learningRate: 0.1 }), chain()]
    fc.assert(
      fc.property(values, fc.array(values, { minLength: 1, maxLength: 2 }), (start, gs) => {
        const expected = flat(updated(chain(a, b, c), start, gs))
        expect(flat(updated(chain(a, chain(b, c)), start, gs))).toEqual(expected)
        expect(flat(updated(chain(chain(a, b), c), start, gs))).toEqual(expected)
      }),
      options
    )
  })
})
