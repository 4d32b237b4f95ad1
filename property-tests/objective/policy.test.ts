import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Laws from "../../src/core/laws/index.ts"
import {
  type Aggregation,
  Aggregations,
  PolicyLoss,
  type SamplerCorrection,
  SamplerCorrections,
  type SurrogateOptions
} from "../../src/core/objective/index.ts"
import { allClose, close } from "./close.ts"
import { differentiated, type Feed } from "./differentiated.ts"

const { clippedSurrogate } = PolicyLoss
const plain = { clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0 } as const
const ci = { seed: 42, numRuns: 100 }

const [N, T] = [4, 3]
const TALL = 7

const numbers = (count: number, min: number, max: number): fc.Arbitrary<ReadonlyArray<number>> =>
  fc.array(
    fc.integer({ min: 8 * min, max: 8 * max }).map((n) => n / 8),
    { minLength: count, maxLength: count }
  )

/** Rows whose tokens come before their padding; some without a token. */
const masks = fc
  .array(fc.integer({ min: 0, max: T }), { minLength: N, maxLength: N })
  .map(
    (lengths): ReadonlyArray<number> =>
      lengths.flatMap((length) => Array.from({ length: T }, (_, t) => (t < length ? 1 : 0)))
  )

const batches = fc.record({
  logProbs: numbers(N * T, -4, 0),
  oldLogProbs: numbers(N * T, -4, 0),
  referenceLogProbs: numbers(N * T, -4, 0),
  samplerLogProbs: numbers(N * T, -4, 0),
  advantages: numbers(N * T, -3, 3),
  mask: masks
})

type Batch = typeof batches extends fc.Arbitrary<infer B> ? B : never

interface Whole {
  readonly completions?: number
  readonly tokens?: number
}

const run = (options: SurrogateOptions, batch: Batch, whole: Whole = {}, rows = N) => {
  const feed = (values: ReadonlyArray<number>): Feed => [values, [rows, T]]
  const { logProbs, oldLogProbs, referenceLogProbs, samplerLogProbs, advantages, mask } = batch
  const found = differentiated(
    {
      logProbs: feed(logProbs),
      oldLogProbs: feed(oldLogProbs),
      referenceLogProbs: feed(referenceLogProbs),
      samplerLogProbs: feed(samplerLogProbs),
      advantages: feed(advantages),
      mask: feed(mask)
    },
    ["logProbs"],
    (inputs) => clippedSurrogate(options).loss({ ...inputs, ...whole })
  )
  return { loss: found.loss, gradient: found.gradient("logProbs"), metric: found.metric }
}

const part = (batch: Batch, from: number, to: number): Batch => {
  const cut = (xs: ReadonlyArray<number>) => xs.slice(from * T, to * T)
  return {
    logProbs: cut(batch.logProbs),
    oldLogProbs: cut(batch.oldLogProbs),
    referenceLogProbs: cut(batch.referenceLogProbs),
    samplerLogProbs: cut(batch.samplerLogProbs),
    advantages: cut(batch.advantages),
    mask: cut(batch.mask)
  }
}

const tokensOf = ({ mask }: Batch): number => mask.reduce((sum, m) => sum + m, 0)

const aggregations: ReadonlyArray<Aggregation> = [
  Aggregations.grpo,
  Aggregations.bnpo,
  Aggregations.drGrpo(TALL),
  Aggregations.dapo
]

const correction: SamplerCorrection = SamplerCorrections.truncated({ level: "token", cap: 2 })

describe("built-in surrogates", () => {
  for (const aggregation of aggregations) {
    const surrogates = [
      { claims: { withoutKl: true }, options: { ...plain, aggregation } },
      { claims: { withoutKl: false }, options: { ...plain, aggregation, klCoefficient: 0.1, klWeighted: true } },
      // A bound on ratios of bad tokens is lenient: it may do better than the plain ratio.
      { claims: { withoutKl: false }, options: { ...plain, aggregation, ratioBound: 1.5 } }
    ]
    for (const { claims, options } of surrogates) {
      for (const { name, check } of Laws.policy(clippedSurrogate(options), {
        ...claims,
        additive: aggregation !== Aggregations.bnpo
      }))
        it(`law: ${name}`, () => check())
    }
  }
})

describe("aggregations", () => {
  /** The batch in two micro-batches, each told of the whole. */
  const added = (options: SurrogateOptions, batch: Batch, cut: number) => {
    const whole = { completions: N, tokens: tokensOf(batch) }
    const [first, second] = [
      run(options, part(batch, 0, cut), whole, cut),
      run(options, part(batch, cut, N), whole, N - cut)
    ]
    return { loss: first.loss + second.loss, gradient: [...first.gradient, ...second.gradient] }
  }

  for (const aggregation of [Aggregations.grpo, Aggregations.drGrpo(TALL), Aggregations.dapo]) {
    it(`law: ${aggregation.name}: losses and gradients of micro-batches add up to the whole's, however it is cut`, () => {
      const options = { ...plain, klCoefficient: 0.1, aggregation, correction }
      fc.assert(
        fc.property(batches, fc.integer({ min: 1, max: N - 1 }), (batch, cut) => {
          const whole = run(options, batch)
          const sum = added(options, batch, cut)
          return close(sum.loss, whole.loss) && allClose(sum.gradient, whole.gradient)
        }),
        ci
      )
    })
  }

  it("law: bnpo: micro-batches add up where they have equally many tokens a completion", () => {
    const options = { ...plain, aggregation: Aggregations.bnpo }
    fc.assert(
      fc.property(batches, fc.integer({ min: 1, max: N - 1 }), (batch, cut) => {
        const full = { ...batch, mask: batch.mask.map(() => 1) }
        return close(added(options, full, cut).loss, run(options, full).loss)
      }),
      ci
    )
  })

  it("edge: bnpo depends on the cut where they have not, dapo does not, and dr_grpo divides by its constant", () => {
    const flat = new Array<number>(N * T).fill(-1)
    const batch = {
      logProbs: flat,
      oldLogProbs: flat,
      referenceLogProbs: flat,
      samplerLogProbs: flat,
      advantages: [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      mask: [1, 1, 1, 1, 0, 0, 1, 0, 0, 1, 0, 0]
    }
    const bnpo = { ...plain, aggregation: Aggregations.bnpo }
    expect(run(bnpo, batch).loss).toBeCloseTo(-3 / 6, 12)
    expect(added(bnpo, batch, 2).loss).toBeCloseTo(-(3 / 4) / 2, 12)
    expect(added({ ...plain, aggregation: Aggregations.dapo }, batch, 2).loss).toBeCloseTo(-3 / 6, 12)
    expect(run({ ...plain, aggregation: Aggregations.drGrpo(7) }, batch).loss).toBeCloseTo(-3 / (N * 7), 12)
  })

  it("law: at full length the four agree, dr_grpo up to its constant", () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const full = { ...batch, mask: batch.mask.map(() => 1) }
        const [grpo, bnpo, drGrpo, dapo] = aggregations.map((aggregation) => run({ ...plain, aggregation }, full).loss)
        return [bnpo, dapo, (drGrpo! * TALL) / T].every((loss) => close(loss!, grpo!))
      }),
      ci
    )
  })

  it("edge: a batch without tokens has loss 0 and gradient 0", () => {
    const [batch] = fc.sample(batches, { seed: 42, numRuns: 1 })
    for (const aggregation of aggregations) {
      const { loss, gradient } = run({ ...plain, aggregation }, { ...batch!, mask: batch!.mask.map(() => 0) })
      expect(loss).toBeCloseTo(0, 12)
      expect(gradient.every((g) => Math.abs(g) === 0)).toBe(true)
    }
  })
})

describe("ratios", () => {
  const aggregation = Aggregations.grpo

  it("law: a sequence ratio is the token ratio where completions have one token", () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const single = { ...batch, mask: batch.mask.map((_, i) => (i % T === 0 ? 1 : 0)) }
        const [token, sequence] = (["token", "sequence"] as const).map((ratio) =>
          run({ ...plain, aggregation, ratio }, single)
        )
        return close(token!.loss, sequence!.loss) && allClose(token!.gradient, sequence!.gradient)
      }),
      ci
    )
  })

  it("law: a bound on the ratio never makes the loss larger, and changes nothing where the advantage is positive", () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const bounded = { ...plain, aggregation, ratioBound: 1.5 }
        const good = { ...batch, advantages: batch.advantages.map(Math.abs) }
        return (
          run(bounded, batch).loss <= run({ ...plain, aggregation }, batch).loss + 1e-9 &&
          close(run(bounded, good).loss, run({ ...plain, aggregation }, good).loss)
        )
      }),
      ci
    )
  })
})

describe("sampler corrections", () => {
  const base = { ...plain, aggregation: Aggregations.dapo }
  const { truncated, masked } = SamplerCorrections

  for (const level of ["token", "sequence"] as const) {
    for (const one of [truncated({ level, cap: 2 }), masked({ level, cap: 2, floor: 0.5 })]) {
      it(`law: ${one.name}: a sampler that agrees with the trainer is not corrected`, () => {
        fc.assert(
          fc.property(batches, (batch) => {
            const agreed = { ...batch, samplerLogProbs: batch.oldLogProbs }
            const [with_, without] = [run({ ...base, correction: one }, agreed), run(base, agreed)]
            return close(with_.loss, without.loss) && allClose(with_.gradient, without.gradient)
          }),
          ci
        )
      })
    }

    it(`law: truncation by ${level} weighs a sampler's excess with C and no more`, () => {
      fc.assert(
        fc.property(batches, (batch) => {
          // The trainer finds every token e⁴ times as likely as the sampler did.
          const off = { ...batch, samplerLogProbs: batch.oldLogProbs.map((x) => x - 4) }
          const weighed = run({ ...base, correction: truncated({ level, cap: 2 }) }, off).loss
          const dropped = run({ ...base, correction: masked({ level, cap: 2 }) }, off).loss
          return close(weighed, 2 * run(base, off).loss) && close(dropped, 0)
        }),
        ci
      )
    })
  }

  it("error: a correction without the sampler's log-probabilities is refused", () => {
    const [batch] = fc.sample(batches, { seed: 42, numRuns: 1 })
    const objective = clippedSurrogate({ ...base, correction })
    expect(() =>
      differentiated({ x: [batch!.logProbs, [N, T]] }, ["x"], ({ x }) =>
        objective.loss({ logProbs: x, oldLogProbs: x, referenceLogProbs: x, advantages: x, mask: x })
      )
    ).toThrow("give the batch samplerLogProbs")
  })
})
