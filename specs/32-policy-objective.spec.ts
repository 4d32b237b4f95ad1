import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { evaluate } from "../src/core/kernel/index.ts"
import { PolicyLoss } from "../src/core/objective/index.ts"
import { input, Programs, reshape } from "../src/core/program/index.ts"
import { Tensors } from "../src/core/tensor/index.ts"
import { grad } from "../src/core/transform/index.ts"

interface Values {
  readonly logProbs: ReadonlyArray<number>
  readonly oldLogProbs: ReadonlyArray<number>
  readonly referenceLogProbs: ReadonlyArray<number>
  readonly advantages: ReadonlyArray<number>
  readonly mask: ReadonlyArray<number>
}

interface Fixture extends Values {
  readonly shape: readonly [number, number]
  readonly clipLow: number
  readonly clipHigh: number
  readonly klCoefficient: number
  readonly loss: number
  readonly kl: number
  readonly gradient: ReadonlyArray<number>
}

const golden: Fixture = JSON.parse(readFileSync(new URL("vectors/objectives.json", import.meta.url), "utf8")).policy

type Options = Parameters<typeof PolicyLoss.grpo>[0]

const run = (values: Values, shape: readonly [number, number], options: Options) => {
  const { logProbs, oldLogProbs, referenceLogProbs, advantages, mask } = values
  const named = { logProbs, oldLogProbs, referenceLogProbs, advantages, mask }
  const batch = {
    logProbs: input("logProbs", shape),
    oldLogProbs: input("oldLogProbs", shape),
    referenceLogProbs: input("referenceLogProbs", shape),
    advantages: input("advantages", shape),
    mask: input("mask", shape)
  }
  const { loss, metrics } = PolicyLoss.grpo(options).loss(batch)
  const [gradient] = grad(loss, [batch.logProbs])
  const results = evaluate(
    Programs.fromExprs({ loss: reshape(loss, []), gradient: gradient!, ...metrics }),
    Object.fromEntries(Object.entries(named).map(([name, x]) => [name, Tensors.f64(x, shape)]))
  )
  return {
    loss: Tensors.item(results["loss"]!),
    kl: Tensors.item(results["kl"]!),
    clipped: Tensors.item(results["clip_ratio/region_mean"]!),
    gradient: Array.from(results["gradient"]!.data)
  }
}

const near = (found: ReadonlyArray<number>, expected: ReadonlyArray<number>): void => {
  for (const [i, e] of expected.entries()) expect(found[i], `[${i}]`).toBeCloseTo(e, 10)
}

describe("grpo", () => {
  it("golden: clipped surrogate with KL, loss and gradient of PyTorch", () => {
    const found = run(golden, golden.shape, golden)
    expect(found.loss).toBeCloseTo(golden.loss, 10)
    expect(found.kl).toBeCloseTo(golden.kl, 10)
    near(found.gradient, golden.gradient)
  })

  it("golden: at π = π_old the gradient is -A / (tokens · N), the policy gradient", () => {
    const values: Values = {
      logProbs: [-1, -2, -0.5, -9],
      oldLogProbs: [-1, -2, -0.5, -9],
      referenceLogProbs: [-1, -2, -0.5, -9],
      advantages: [2, 2, -3, 0],
      mask: [1, 1, 1, 0]
    }
    const { gradient, kl, clipped } = run(values, [2, 2], { clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0.1 })
    near(gradient, [-0.5, -0.5, 1.5, 0])
    expect(kl).toBe(0)
    expect(clipped).toBe(0)
  })

  it("golden: a ratio beyond the clip in the advantage's direction has no gradient", () => {
    const values: Values = {
      logProbs: [Math.log(0.9), Math.log(0.1)],
      oldLogProbs: [Math.log(0.5), Math.log(0.5)],
      referenceLogProbs: [0, 0],
      advantages: [1, -1],
      mask: [1, 1]
    }
    const { gradient, loss, clipped } = run(values, [2, 1], { clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0 })
    near(gradient, [0, 0])
    expect(loss).toBeCloseTo(0.5 * (-1.2 + 0.8), 12)
    expect(clipped).toBe(1)
  })

  it("edge: zero advantage at the reference has loss 0 and gradient 0", () => {
    const flat = [-1, -1, -1, -1]
    const values: Values = {
      logProbs: flat,
      oldLogProbs: flat,
      referenceLogProbs: flat,
      advantages: [0, 0, 0, 0],
      mask: [1, 1, 1, 1]
    }
    const { loss, gradient } = run(values, [2, 2], { clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0.1 })
    expect(loss).toBeCloseTo(0, 15)
    for (const g of gradient) expect(Math.abs(g)).toBe(0)
  })

  it("edge: a completion without tokens adds 0, not NaN", () => {
    const values: Values = {
      logProbs: [-1, -2],
      oldLogProbs: [-1, -2],
      referenceLogProbs: [-1, -2],
      advantages: [1, 5],
      mask: [1, 0]
    }
    const { loss, gradient } = run(values, [2, 1], { clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0.1 })
    expect(loss).toBeCloseTo(-0.5, 12)
    near(gradient, [-0.5, 0])
  })
})

describe("k3", () => {
  it("golden: e^d - d - 1 at d = log 2 is 1 - log 2", () => {
    const x = input("x", [1])
    const y = input("y", [1])
    const { kl } = evaluate(Programs.fromExprs({ kl: PolicyLoss.k3(x, y) }), {
      x: Tensors.f64([-1], [1]),
      y: Tensors.f64([-1 + Math.LN2], [1])
    })
    expect(kl!.data[0]).toBeCloseTo(1 - Math.LN2, 12)
  })
})

describe("negativeLogLikelihood", () => {
  it("golden: the mean over supervised tokens, prompts left out", () => {
    const shape = [2, 2] as const
    const logProbs = input("logProbs", shape)
    const loss = PolicyLoss.negativeLogLikelihood(logProbs, input("mask", shape))
    const [gradient] = grad(loss, [logProbs])
    const found = evaluate(Programs.fromExprs({ loss, gradient: gradient! }), {
      logProbs: Tensors.f64([-7, -1, -2, -6], shape),
      mask: Tensors.f64([0, 1, 1, 1], shape)
    })
    expect(Tensors.item(found["loss"]!)).toBeCloseTo(3, 12)
    near(Array.from(found["gradient"]!.data), [0, -1 / 3, -1 / 3, -1 / 3])
  })
})
