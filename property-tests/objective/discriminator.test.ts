import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Laws from "../../src/core/laws/index.ts"
import { Discriminator, type DiscriminatorObjective } from "../../src/core/objective/index.ts"
import { type Expr, matMul, reshape } from "../../src/core/program/index.ts"
import { Rng } from "../../src/core/tensor/index.ts"
import { allClose, close } from "./close.ts"
import { differentiated } from "./differentiated.ts"

const { bce, dedupWeights, entropyBonus, gradientPenalty, pairwise, promptPairs, slopesAt, wgan } = Discriminator
const ci = { seed: 42, numRuns: 100 }
const [N, T] = [4, 3]

const eighths = (count: number, min: number, max: number): fc.Arbitrary<ReadonlyArray<number>> =>
  fc.array(
    fc.integer({ min: 8 * min, max: 8 * max }).map((n) => n / 8),
    { minLength: count, maxLength: count }
  )

interface Batch {
  readonly logits: ReadonlyArray<number>
  readonly expert: ReadonlyArray<number>
  readonly policy: ReadonlyArray<number>
}

/** Units of weight 0 to 2, in either class or both. */
const batches: fc.Arbitrary<Batch> = fc.record({
  logits: eighths(N * T, -6, 6),
  expert: eighths(N * T, 0, 2),
  policy: eighths(N * T, 0, 2)
})

interface Extra {
  readonly totals?: { readonly expert: number; readonly policy: number }
  readonly pairs?: ReadonlyArray<number>
}

const run = (objective: DiscriminatorObjective, { logits, expert, policy }: Batch, extra: Extra = {}) => {
  const rows = logits.length / T
  const { pairs = new Array<number>(rows * rows).fill(1), totals } = extra
  const shape = [rows, T]
  const found = differentiated(
    { logits: [logits, shape], expert: [expert, shape], policy: [policy, shape], pairs: [pairs, [rows, rows]] },
    ["logits"],
    ({ pairs: weights, ...units }) =>
      objective.loss({
        ...units,
        ...(totals === undefined ? {} : { totals }),
        ...(extra.pairs === undefined ? {} : { pairs: weights })
      })
  )
  return { loss: found.loss, gradient: found.gradient("logits") }
}

const total = (xs: ReadonlyArray<number>): number => xs.reduce((sum, x) => sum + x, 0)

const part = (batch: Batch, from: number, to: number): Batch => ({
  logits: batch.logits.slice(from * T, to * T),
  expert: batch.expert.slice(from * T, to * T),
  policy: batch.policy.slice(from * T, to * T)
})

describe("built-in objectives", () => {
  const smoothed = bce({ labelSmoothing: 0.1 })
  const ofTraces = { unitsExchangeable: false, additive: false }
  for (const [one, claims] of [
    [bce({ labelSmoothing: 0.3, expertShare: "units" })],
    [bce({ labelSmoothing: 0, average: "traces" }), ofTraces],
    // Its mean is over the units of a micro-batch, which does not know the whole's.
    [entropyBonus(smoothed, 0.01), { additive: false }]
  ] as const) {
    for (const { name, check } of Laws.discriminator(one, claims)) it(`law: ${name}`, () => check())
  }
})

describe("micro-batches", () => {
  it("law: losses and gradients add up to the whole's with any unit weights and class share, however it is cut", () => {
    const one = bce({ labelSmoothing: 0.1, expertShare: 0.3 })
    fc.assert(
      fc.property(batches, fc.integer({ min: 1, max: N - 1 }), (batch, cut) => {
        const totals = { expert: total(batch.expert), policy: total(batch.policy) }
        const whole = run(one, batch)
        const [first, second] = [run(one, part(batch, 0, cut), { totals }), run(one, part(batch, cut, N), { totals })]
        return (
          close(first.loss + second.loss, whole.loss) &&
          allClose([...first.gradient, ...second.gradient], whole.gradient)
        )
      }),
      ci
    )
  })
})

describe("bce", () => {
  const unit = (f: number, smoothing: number, label: "expert" | "policy") => {
    const batch = { logits: [f, 0, 0], expert: [0, 0, 0], policy: [0, 0, 0], [label]: [1, 0, 0] }
    return run(bce({ labelSmoothing: smoothing, expertShare: "units" }), batch)
  }

  it("law: never negative, and its gradient in a logit is σ(f) - y, never above 1 in size", () => {
    fc.assert(
      fc.property(fc.double({ min: -50, max: 50, noNaN: true }), fc.constantFrom(0, 0.1, 0.3), (f, smoothing) => {
        const { loss, gradient } = unit(f, smoothing, "expert")
        const expected = 1 / (1 + Math.exp(-f)) - (1 - smoothing)
        return loss >= 0 && close(gradient[0]!, expected) && Math.abs(gradient[0]!) <= 1
      }),
      ci
    )
  })

  it("law: smallest where σ(f) = 1 - ε for the expert and ε for the policy", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 0.49, noNaN: true }), (smoothing) => {
        const best = Math.log((1 - smoothing) / smoothing)
        return (
          close(unit(best, smoothing, "expert").gradient[0]!, 0) &&
          close(unit(-best, smoothing, "policy").gradient[0]!, 0)
        )
      }),
      ci
    )
  })

  it("law: per trace, units twice over weigh as once; per unit, they weigh twice", () => {
    const once: Batch = { logits: [1, 0, 0, -3, 0, 0], expert: [1, 0, 0, 1, 0, 0], policy: [0, 0, 0, 0, 0, 0] }
    const twice: Batch = { ...once, logits: [1, 1, 0, -3, 0, 0], expert: [1, 1, 0, 1, 0, 0] }
    const perTrace = bce({ labelSmoothing: 0, average: "traces" })
    const perUnit = bce({ labelSmoothing: 0 })
    expect(run(perTrace, twice).loss).toBeCloseTo(run(perTrace, once).loss, 12)
    expect(run(perUnit, twice).loss).toBeLessThan(run(perUnit, once).loss - 0.1)
  })
})

describe("dedupWeights", () => {
  it("golden: one over the occurrences, by ids and not by their digits", () => {
    expect(dedupWeights([[1, 23], [12, 3], [1, 23], [], []])).toEqual([0.5, 1, 0.5, 0.5, 0.5])
  })

  it("law: a trace that is drawn again changes neither loss nor the others' gradients", () => {
    const objective = bce({ labelSmoothing: 0.1 })
    fc.assert(
      fc.property(batches, fc.integer({ min: 1, max: 3 }), (batch, copies) => {
        const row = part(batch, 0, 1)
        const again = (xs: ReadonlyArray<number>, of: ReadonlyArray<number>) => [
          ...xs,
          ...Array.from({ length: copies }, () => of).flat()
        ]
        const weights = dedupWeights([[1], [2], [3], [4], ...Array.from({ length: copies }, () => [1])])
        const weigh = (xs: ReadonlyArray<number>) => xs.map((x, i) => x * weights[Math.floor(i / T)]!)
        const more: Batch = {
          logits: again(batch.logits, row.logits),
          expert: weigh(again(batch.expert, row.expert)),
          policy: weigh(again(batch.policy, row.policy))
        }
        const [before, after] = [run(objective, batch), run(objective, more)]
        return close(before.loss, after.loss) && allClose(before.gradient.slice(T), after.gradient.slice(T, N * T))
      }),
      ci
    )
  })
})

describe("pairwise", () => {
  const objective = pairwise({ margin: 0.5 })

  it("law: a logit added to all traces changes nothing", () => {
    fc.assert(
      fc.property(batches, fc.integer({ min: -9, max: 9 }), (batch, c) =>
        close(run(objective, batch).loss, run(objective, { ...batch, logits: batch.logits.map((f) => f + c) }).loss)
      ),
      ci
    )
  })

  it("law: classes swapped, logits negated and pairs turned round give the same loss", () => {
    fc.assert(
      fc.property(batches, eighths(N * N, 0, 1), ({ logits, expert, policy }, pairs) => {
        const turned = pairs.map((_, at) => pairs[(at % N) * N + Math.floor(at / N)]!)
        const swapped = { logits: logits.map((f) => -f), expert: policy, policy: expert }
        return close(
          run(objective, { logits, expert, policy }, { pairs }).loss,
          run(objective, swapped, { pairs: turned }).loss
        )
      }),
      ci
    )
  })

  it("law: no pair across prompts has an effect", () => {
    const rows = [0, 0, 1, 1].map((prompt, i) => ({
      prompt,
      label: i % 2 === 0 ? ("expert" as const) : ("policy" as const)
    }))
    const pairs = Array.from(promptPairs(rows))
    fc.assert(
      fc.property(eighths(N * T, -6, 6), fc.integer({ min: -9, max: 9 }), (logits, c) => {
        const only = (label: string) => rows.flatMap((row) => [row.label === label ? 1 : 0, 0, 0])
        const batch = { logits, expert: only("expert"), policy: only("policy") }
        const moved = { ...batch, logits: logits.map((f, i) => (i < 2 * T ? f + c : f)) }
        return close(run(objective, batch, { pairs }).loss, run(objective, moved, { pairs }).loss)
      }),
      ci
    )
  })

  it("law: each expert meets as many of its prompt's rollouts as asked for, and no other", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            prompt: fc.integer({ min: 0, max: 2 }),
            label: fc.constantFrom("expert" as const, "policy" as const)
          }),
          { maxLength: 8 }
        ),
        fc.integer({ min: 1, max: 3 }),
        (rows, count) => {
          const weights = promptPairs(rows, { count, rng: Rng.make(1) })
          return rows.every(({ prompt, label }, i) => {
            const met = rows.flatMap((_, j) => (weights[i * rows.length + j] === 1 ? [rows[j]!] : []))
            const own = rows.filter((row) => row.label === "policy" && row.prompt === prompt).length
            return label === "policy"
              ? met.length === 0
              : met.length === Math.min(count, own) &&
                  met.every((row) => row.label === "policy" && row.prompt === prompt)
          })
        }
      ),
      ci
    )
  })
})

describe("entropyBonus", () => {
  it("law: lowers a loss by at most η·log 2, and by exactly that at logits of 0", () => {
    const plain = bce({ labelSmoothing: 0.1 })
    const bonus = entropyBonus(plain, 0.5)
    fc.assert(
      fc.property(batches, (batch) => {
        const gain = run(plain, batch).loss - run(bonus, batch).loss
        return gain >= -1e-12 && gain <= 0.5 * Math.LN2 + 1e-12
      }),
      ci
    )
    const even: Batch = { logits: [0, 0, 0], expert: [1, 0, 0], policy: [0, 1, 0] }
    expect(run(plain, even).loss - run(bonus, even).loss).toBeCloseTo(0.5 * Math.LN2, 12)
    const shape = [1, T] as const
    const { metric } = differentiated(
      { logits: [even.logits, shape], expert: [even.expert, shape], policy: [even.policy, shape] },
      [],
      bonus.loss
    )
    expect(metric("disc_entropy")).toBeCloseTo(Math.LN2, 12)
    expect(metric("bce_pos")).toBeCloseTo(run(plain, even).loss, 12)
  })
})

describe("gradientPenalty", () => {
  const [M, D] = [2, 3]
  const points = fc.record({
    expert: eighths(M * T * D, -2, 2),
    policy: eighths(M * T * D, -2, 2),
    mix: eighths(M, 0, 1),
    direction: eighths(D, -2, 2).filter((w) => w.some((x) => x !== 0)),
    length: fc.integer({ min: 0, max: 24 }).map((n) => n / 8),
    unit: fc.integer({ min: 0, max: T - 1 })
  })
  type Points = typeof points extends fc.Arbitrary<infer P> ? P : never

  /** A linear critic whose weight has the given length, read at one token of each trace. */
  const linear = (p: Points, length: number, weights?: ReadonlyArray<number>) => {
    const norm = Math.hypot(...p.direction)
    const found = differentiated(
      {
        w: [p.direction.map((x) => (x * length) / norm), [D, 1]],
        expert: [p.expert, [M, T, D]],
        policy: [p.policy, [M, T, D]],
        mix: [p.mix, [M, 1, 1]],
        weights: [weights ?? Array.from({ length: M * T }, (_, i) => (i % T === p.unit ? 1 : 0)), [M, T]]
      },
      ["w"],
      ({ w, ...rest }) => {
        const critic = (x: Expr): Expr => reshape(matMul(reshape(x, [M * T, D]), w), [M, T])
        return { loss: gradientPenalty({ ...rest, critic }).penalty, metrics: {} }
      }
    )
    return { penalty: found.loss, gradient: found.gradient("w") }
  }

  it("law: 0 exactly for critics of unit gradient, else the squared distance of its length from 1", () => {
    fc.assert(
      fc.property(points, (p) => {
        const off = linear(p, p.length).penalty
        return linear(p, 1).penalty < 1e-20 && close(off, (p.length - 1) ** 2, 1e-5) && (p.length === 1 || off > 1e-3)
      }),
      ci
    )
  })

  it("law: its gradient in a linear critic's weight is 2 (‖w‖ - 1) along it", () => {
    fc.assert(
      fc.property(points, (p) => {
        const length = p.length + 0.5
        const norm = Math.hypot(...p.direction)
        const expected = p.direction.map((x) => (2 * (length - 1) * x) / norm)
        return allClose(linear(p, length).gradient, expected, 1e-6)
      }),
      ci
    )
  })

  it("edge: a critic without gradient is pulled at by no NaN, and rows without units take no part", () => {
    const [p] = fc.sample(points, { seed: 42, numRuns: 1 })
    const flat = linear(p!, 0)
    expect(flat.penalty).toBeCloseTo(1, 5)
    expect(flat.gradient.every(Number.isFinite)).toBe(true)
    expect(linear(p!, 3, [0, 0, 0, 1, 0, 0]).penalty).toBeCloseTo(4, 9)
    expect(linear(p!, 3, [0, 0, 0, 0, 0, 0]).penalty).toBe(0)
  })

  it("law: wgan adds it λ times to the difference of means", () => {
    const shape = [M, T, D] as const
    fc.assert(
      fc.property(points, (p) => {
        const found = differentiated(
          {
            w: [p.direction, [D, 1]],
            expert: [p.expert, shape],
            policy: [p.policy, shape],
            mix: [p.mix, [M, 1, 1]],
            ones: [new Array<number>(M * T).fill(1), [M, T]]
          },
          [],
          ({ w, ones, ...rest }) => {
            const critic = (x: Expr): Expr => reshape(matMul(reshape(x, [M * T, D]), w), [M, T])
            const logits = critic(rest.expert)
            const slopes = slopesAt({ ...rest, critic, weights: ones })
            return wgan({ gradientPenalty: 10 }).loss({ logits, expert: ones, policy: ones, slopes })
          }
        )
        // Both classes weigh the same logits, so nothing but the penalty is left.
        return close(found.loss, 10 * found.metric("gradient_penalty")) && found.metric("wasserstein") === 0
      }),
      ci
    )
  })
})
