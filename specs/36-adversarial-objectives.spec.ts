import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { differentiated, type Feed } from "../property-tests/objective/differentiated.ts"
import { Discriminator, Segment } from "../src/core/objective/index.ts"
import { add, cumSum, type Expr, matMul, mul, reshape, tanh } from "../src/core/program/index.ts"

type Numbers = ReadonlyArray<number>

const golden = JSON.parse(readFileSync(new URL("vectors/adversarial.json", import.meta.url), "utf8"))

const near = (found: Numbers, expected: Numbers, what = ""): void => {
  expect(found.length, what).toBe(expected.length)
  for (const [i, e] of expected.entries()) expect(found[i], `${what}[${i}]`).toBeCloseTo(e, 10)
}

describe("gradientPenalty", () => {
  it("golden: value and second-order gradients of a causal two-layer critic are PyTorch's double backward", () => {
    const { shape, hidden, w1, b1, w2, expert, policy, mix, weights, penalty, meanNorm, gradients } = golden.penalty
    const [M, T, D] = shape
    const feeds = {
      w1: [w1, [D, hidden]],
      b1: [b1, [1, 1, hidden]],
      w2: [w2, [hidden, 1]],
      expert: [expert, shape],
      policy: [policy, shape],
      mix: [mix, [M, 1, 1]],
      weights: [weights, [M, T]]
    } as const
    const found = differentiated(feeds, ["w1", "b1", "w2"], (x) => {
      const critic = (embeddings: Expr): Expr => {
        const running = reshape(mul(cumSum(embeddings, 1), 0.5), [M * T, D])
        const inner = tanh(add(reshape(matMul(running, x.w1), [M, T, hidden]), x.b1))
        return reshape(matMul(reshape(inner, [M * T, hidden]), x.w2), [M, T])
      }
      const { penalty, meanNorm } = Discriminator.gradientPenalty({ ...x, critic })
      return { loss: penalty, metrics: { meanNorm } }
    })
    expect(found.loss).toBeCloseTo(penalty, 10)
    expect(found.metric("meanNorm")).toBeCloseTo(meanNorm, 10)
    for (const name of ["w1", "b1", "w2"] as const) near(found.gradient(name), gradients[name], name)
  })
})

describe("wgan", () => {
  const { shape, logits, expert, policy, loss, gradient } = golden.wgan
  const feeds = { logits: [logits, shape], expert: [expert, shape], policy: [policy, shape] } as const

  it("golden: the difference of weighted means, with its gradient", () => {
    const found = differentiated(feeds, ["logits"], Discriminator.wgan({ gradientPenalty: 0 }).loss)
    expect(found.loss).toBeCloseTo(loss, 10)
    near(found.gradient("logits"), gradient)
  })

  it("error: a penalty without points to differentiate at is refused, not left out", () => {
    expect(() => differentiated(feeds, ["logits"], Discriminator.wgan({ gradientPenalty: 10 }).loss)).toThrow(
      "give the batch its slopes"
    )
  })
})

describe("pairwise", () => {
  const { logits, labels, prompts, margin, loss, gradient, marginMean, marginStd } = golden.pairwise
  const shape = [5, 1] as const
  const is = (label: string): Numbers => labels.map((own: string) => (own === label ? 1 : 0))
  const rows: ReadonlyArray<Discriminator.PairRow> = prompts.map((prompt: number, i: number) => ({
    prompt,
    label: labels[i]
  }))
  const feeds = {
    logits: [logits, shape],
    expert: [is("expert"), shape],
    policy: [is("policy"), shape],
    pairs: [Array.from(Discriminator.promptPairs(rows)), [5, 5]]
  } as const

  it("golden: each expert against the rollouts of its own prompt, loss, gradient and metrics", () => {
    const found = differentiated(feeds, ["logits"], Discriminator.pairwise({ margin }).loss)
    expect(found.loss).toBeCloseTo(loss, 10)
    near(found.gradient("logits"), gradient)
    expect(found.metric("margin_mean")).toBeCloseTo(marginMean, 10)
    expect(found.metric("margin_std")).toBeCloseTo(marginStd, 10)
    expect(found.metric("pairs_used")).toBeCloseTo(3, 10)
  })

  it("edge: without a pair the loss and its gradient are 0", () => {
    const found = differentiated({ ...feeds, pairs: [new Array<number>(25).fill(0), [5, 5]] }, ["logits"], (x) =>
      Discriminator.pairwise({ margin }).loss(x)
    )
    expect(found.loss).toBeCloseTo(0, 10)
    near(found.gradient("logits"), [0, 0, 0, 0, 0])
  })
})

describe("what objectives read beside the units", () => {
  it("golden: pairs, all or so many; whole traces for a distance, slopes for its penalty alone", () => {
    expect(Discriminator.bce({ labelSmoothing: 0 }).needs).toBeUndefined()
    expect(Discriminator.pairwise({ margin: 0 }).needs).toEqual({ wholeTraces: true, pairs: {} })
    expect(Discriminator.pairwise({ margin: 0, negatives: 2 }).needs).toEqual({
      wholeTraces: true,
      pairs: { negatives: 2 }
    })
    expect(Discriminator.pairwise({ margin: 0, negatives: 2 }).name).toBe("pairwise(m=0, 2 negatives)")
    expect(Discriminator.wgan({ gradientPenalty: 0 }).needs).toEqual({ wholeTraces: true })
    expect(Discriminator.wgan({ gradientPenalty: 10 }).needs).toEqual({ wholeTraces: true, slopes: true })
  })
})

describe("segmentCritic", () => {
  it("golden: cross-entropy of f - log π with both penalties, and no gradient through log π", () => {
    const { shape, gradients, loss, gamma, shapeClamp, labelSmoothing, potentialPenalty, shapePenalty } =
      golden.segments
    const feed = (name: string): Feed => [golden.segments[name], shape]
    const feeds = {
      g: feed("g"),
      before: feed("before"),
      after: feed("after"),
      logProbs: feed("logProbs"),
      expert: feed("expert"),
      policy: feed("policy")
    }
    const critic = Segment.segmentCritic({
      objective: Discriminator.bce({ labelSmoothing }),
      gamma,
      shapeClamp,
      potentialPenalty,
      shapePenalty
    })
    const found = differentiated(feeds, ["g", "before", "after", "logProbs"], ({ expert, policy, ...terms }) =>
      critic.loss({ terms, expert, policy })
    )
    expect(found.loss).toBeCloseTo(loss, 10)
    for (const name of ["g", "before", "after"] as const) near(found.gradient(name), gradients[name], name)
    near(found.gradient("logProbs"), [0, 0, 0, 0, 0, 0])
  })

  it("golden: one segment a class by hand, with every metric", () => {
    const feeds = {
      g: [
        [2, -1],
        [2, 1]
      ],
      before: [
        [1, 3],
        [2, 1]
      ],
      after: [
        [0, 4],
        [2, 1]
      ],
      logProbs: [
        [-8, -6],
        [2, 1]
      ],
      expert: [
        [1, 0],
        [2, 1]
      ],
      policy: [
        [0, 1],
        [2, 1]
      ]
    } as const
    const critic = Segment.segmentCritic({
      objective: Discriminator.wgan({ gradientPenalty: 0 }),
      gamma: 0.5,
      logProbWeight: 0.25,
      potentialPenalty: 0.1,
      shapePenalty: 0.01
    })
    const found = differentiated(feeds, [], ({ expert, policy, ...terms }) => critic.loss({ terms, expert, policy }))
    // shape = 0 - 1 and 2 - 3, f = 1 and -2, logits = 1 + 2 and -2 + 1.5; H² + H'² = 1 and 25, halved.
    expect(found.loss).toBeCloseTo(-(3 + 0.5) + 0.1 * (0.5 + 12.5) + 0.01 * (1 + 1), 12)
    expect(found.metric("wasserstein")).toBeCloseTo(3.5, 12)
    expect(found.metric("penalty")).toBeCloseTo(1.32, 12)
    const spreads = { g: [0.5, 1.5], shape: [-1, 0], f: [-0.5, 1.5], h_prev: [2, 1], h_next: [2, 2] }
    for (const [name, [mean, std]] of Object.entries(spreads)) {
      expect(found.metric(`airl_segment/${name}_mean`), name).toBeCloseTo(mean!, 12)
      expect(found.metric(`airl_segment/${name}_std`), name).toBeCloseTo(std!, 12)
    }
    expect(found.metric("airl_segment/shape_to_g_abs_ratio")).toBeCloseTo(1 / 1.5, 12)
  })

  it("golden: rewards g, f and g + λ·shape, clamped a segment", () => {
    const parts = { g: [1, -2, 4], f: [2, -1, 9] }
    expect(Segment.segmentRewards(Segment.rewardG, parts)).toEqual([1, -2, 4])
    expect(Segment.segmentRewards(Segment.rewardF, parts, [-0.5, 5])).toEqual([2, -0.5, 5])
    expect(Segment.segmentRewards(Segment.rewardGPlusShape(0.5), parts)).toEqual([1.5, -1.5, 6.5])
  })
})
