import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { evaluate } from "../src/core/kernel/index.ts"
import { type BceOptions, Discriminator, type UnitLogits } from "../src/core/objective/index.ts"
import { input, Programs, reshape } from "../src/core/program/index.ts"
import { Tensors } from "../src/core/tensor/index.ts"
import { grad } from "../src/core/transform/index.ts"

interface Fixture {
  readonly shape: readonly [number, number]
  readonly logits: ReadonlyArray<number>
  readonly expert: ReadonlyArray<number>
  readonly policy: ReadonlyArray<number>
  readonly labelSmoothing: number
  readonly loss: number
  readonly gradient: ReadonlyArray<number>
}

const golden: Fixture = JSON.parse(
  readFileSync(new URL("vectors/objectives.json", import.meta.url), "utf8")
).discriminator

type Values = Pick<Fixture, "shape" | "logits" | "expert" | "policy">

/** Loss, metrics and the gradient of the logits. */
const run = ({ shape, ...values }: Values, options: BceOptions) => {
  const units: UnitLogits = {
    logits: input("logits", shape),
    expert: input("expert", shape),
    policy: input("policy", shape)
  }
  const { loss, metrics } = Discriminator.bce(options).loss(units)
  const [gradient] = grad(loss, [units.logits])
  const program = Programs.fromExprs({ loss: reshape(loss, []), gradient: gradient!, ...metrics })
  return evaluate(program, {
    logits: Tensors.f64(values.logits, shape),
    expert: Tensors.f64(values.expert, shape),
    policy: Tensors.f64(values.policy, shape)
  })
}

const numbers = (values: Values, labelSmoothing: number, options: Partial<BceOptions> = {}) => {
  const { gradient, ...rest } = run(values, { labelSmoothing, ...options })
  const scalars: Readonly<Record<string, number>> = Object.fromEntries(
    Object.entries(rest).map(([name, tensor]) => [name, Tensors.item(tensor)])
  )
  return { gradient: Array.from(gradient!.data), scalars }
}

describe("bce", () => {
  it("golden: loss and gradient of weighted, smoothed cross-entropy are PyTorch's", () => {
    const { scalars, gradient } = numbers(golden, golden.labelSmoothing)
    expect(scalars["loss"]).toBeCloseTo(golden.loss, 11)
    for (const [i, g] of golden.gradient.entries()) expect(gradient[i], `gradient[${i}]`).toBeCloseTo(g, 11)
  })

  it("golden: one unit a class by hand: ½ (softplus(2) - .9·2) + ½ (softplus(-1) + .1)", () => {
    const values: Values = { shape: [2, 1], logits: [2, -1], expert: [1, 0], policy: [0, 1] }
    const found = numbers(values, 0.1)
    expect(found.scalars["bce_pos"]).toBeCloseTo(2.12692801104297 - 1.8, 12)
    expect(found.scalars["bce_neg"]).toBeCloseTo(0.31326168751822 + 0.1, 12)
    expect(found.scalars["loss"]).toBeCloseTo(0.5 * (0.32692801104297 + 0.41326168751822), 12)
    // ½ (σ(f) - y)
    expect(found.gradient[0]).toBeCloseTo(0.5 * (0.88079707797788 - 0.9), 12)
    expect(found.gradient[1]).toBeCloseTo(0.5 * (0.26894142136999 - 0.1), 12)
  })

  it("golden: the expert's share in place of ½, or every unit once", () => {
    const values: Values = { shape: [3, 1], logits: [2, -1, -1], expert: [1, 0, 0], policy: [0, 1, 1] }
    const [expert, policy] = [0.32692801104297, 0.41326168751822]
    expect(numbers(values, 0.1, { expertShare: 0.3 }).scalars["loss"]).toBeCloseTo(0.3 * expert + 0.7 * policy, 12)
    expect(numbers(values, 0.1, { expertShare: "units" }).scalars["loss"]).toBeCloseTo((expert + 2 * policy) / 3, 12)
  })

  it("golden: metrics are means over the units of a class, tokens without weight left out", () => {
    const values: Values = { shape: [2, 2], logits: [3, -9, -1, 2], expert: [1, 0, 0, 0], policy: [0, 0, 1, 1] }
    const found = numbers(values, 0)
    expect(found.scalars["acc_pos"]).toBe(1)
    expect(found.scalars["acc_neg"]).toBe(0.5)
    expect(found.scalars["logit_pos_mean"]).toBe(3)
    expect(found.scalars["logit_neg_mean"]).toBe(0.5)
  })

  it("edge: a class without units adds 0 and has gradient 0", () => {
    const values: Values = { shape: [1, 2], logits: [1, -4], expert: [0, 0], policy: [1, 0] }
    const found = numbers(values, 0)
    expect(found.scalars["bce_pos"]).toBe(0)
    expect(found.scalars["loss"]).toBeCloseTo(0.5 * 1.31326168751822, 12)
    expect(found.gradient[1]).toBeCloseTo(0, 15)
  })

  it("edge: logits of ±1e4 give a finite loss and gradient", () => {
    const values: Values = { shape: [1, 2], logits: [-1e4, 1e4], expert: [1, 0], policy: [0, 1] }
    const found = numbers(values, 0)
    expect(found.scalars["loss"]).toBeCloseTo(1e4, 6)
    expect(found.gradient).toEqual([-0.5, 0.5])
  })
})

describe("logExpert, logPolicy", () => {
  it("golden: f = log D - log(1 - D) and D + (1 - D) = 1", () => {
    const f = input("f", [3])
    const program = Programs.fromExprs({
      expert: Discriminator.logExpert(f),
      policy: Discriminator.logPolicy(f)
    })
    const logits = [-30, 0.7, 12]
    const { expert, policy } = evaluate(program, { f: Tensors.f64(logits, [3]) })
    for (const [i, logit] of logits.entries()) {
      expect(expert!.data[i]! - policy!.data[i]!).toBeCloseTo(logit, 10)
      expect(Math.exp(expert!.data[i]!) + Math.exp(policy!.data[i]!)).toBeCloseTo(1, 12)
    }
  })
})
