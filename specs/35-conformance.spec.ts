import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { evaluate } from "../src/core/kernel/index.ts"
import {
  Advantage,
  type Aggregation,
  Aggregations,
  PolicyLoss,
  type SamplerCorrection,
  SamplerCorrections
} from "../src/core/objective/index.ts"
import { input, Programs, reshape } from "../src/core/program/index.ts"
import { Tensors } from "../src/core/tensor/index.ts"
import { grad } from "../src/core/transform/index.ts"

interface Correction {
  readonly level: "token" | "sequence"
  readonly kind: "truncate" | "mask"
  readonly floor: number | null
  readonly cap: number
}

interface LossCase {
  readonly name: string
  readonly aggregation: "grpo" | "bnpo" | "dr_grpo" | "dapo"
  readonly ratio: "token" | "sequence"
  readonly ratioBound: number | null
  readonly klCoefficient: number
  readonly klWeighted: boolean
  readonly clipLow: number
  readonly clipHigh: number
  readonly sequenceAdvantages: boolean
  readonly batchTokens: number | null
  readonly correction: Correction | null
  readonly loss: number
  readonly gradient: ReadonlyArray<number>
  readonly metrics: Readonly<Record<string, number>>
}

type Key = "logProbs" | "oldLogProbs" | "referenceLogProbs" | "samplerLogProbs" | "advantages" | "mask"

interface Fixture {
  readonly source: string
  readonly shape: readonly [number, number]
  readonly longest: number
  readonly values: Readonly<Record<Key, ReadonlyArray<number>>>
  readonly losses: ReadonlyArray<LossCase>
  readonly advantages: {
    readonly rewards: ReadonlyArray<number>
    readonly generations: number
    readonly group: ReadonlyArray<number>
    readonly batch: ReadonlyArray<number>
    readonly none: ReadonlyArray<number>
  }
}

const golden: Fixture = JSON.parse(readFileSync(new URL("vectors/policyObjectives.json", import.meta.url), "utf8"))
const { shape, values } = golden

const aggregations: Readonly<Record<LossCase["aggregation"], Aggregation>> = {
  grpo: Aggregations.grpo,
  bnpo: Aggregations.bnpo,
  dr_grpo: Aggregations.drGrpo(golden.longest),
  dapo: Aggregations.dapo
}

const correctionOf = ({ kind, level, floor, cap }: Correction): SamplerCorrection =>
  SamplerCorrections[kind === "mask" ? "masked" : "truncated"]({ level, cap, floor: floor ?? 0 })

const run = (one: LossCase) => {
  const objective = PolicyLoss.clippedSurrogate({
    aggregation: aggregations[one.aggregation],
    ratio: one.ratio,
    clipLow: one.clipLow,
    clipHigh: one.clipHigh,
    klCoefficient: one.klCoefficient,
    klWeighted: one.klWeighted,
    ...(one.ratioBound === null ? {} : { ratioBound: one.ratioBound }),
    ...(one.correction === null ? {} : { correction: correctionOf(one.correction) })
  })
  const [, width] = shape
  const advantages = values.advantages.map((a, i) => (one.sequenceAdvantages ? values.advantages[i - (i % width)]! : a))
  const feeds = Object.fromEntries(
    Object.entries({ ...values, advantages }).map(([name, x]) => [name, Tensors.f64(x, shape)])
  )
  const logProbs = input("logProbs", shape)
  const { loss, metrics } = objective.loss({
    logProbs,
    oldLogProbs: input("oldLogProbs", shape),
    referenceLogProbs: input("referenceLogProbs", shape),
    samplerLogProbs: input("samplerLogProbs", shape),
    advantages: input("advantages", shape),
    mask: input("mask", shape),
    ...(one.batchTokens === null ? {} : { tokens: one.batchTokens })
  })
  const program = Programs.fromExprs({ loss: reshape(loss, []), gradient: grad(loss, [logProbs])[0]!, ...metrics })
  const { gradient, ...scalars } = evaluate(program, feeds)
  return {
    gradient: Array.from(gradient!.data),
    scalars: Object.fromEntries(Object.entries(scalars).map(([name, x]) => [name, x.data[0]!]))
  }
}

describe(`conformance with ${golden.source}`, () => {
  for (const one of golden.losses) {
    it(`golden: ${one.aggregation}, ${one.name}: loss, gradient and metrics`, () => {
      const { gradient, scalars } = run(one)
      expect(scalars["loss"]).toBeCloseTo(one.loss, 10)
      for (const [i, g] of one.gradient.entries()) expect(gradient[i], `gradient[${i}]`).toBeCloseTo(g, 10)
      for (const [name, value] of Object.entries(one.metrics)) expect(scalars[name], name).toBeCloseTo(value, 10)
    })
  }

  const { rewards, generations, ...scaled } = golden.advantages
  const groups = Array.from({ length: rewards.length / generations }, (_, g) =>
    rewards.slice(g * generations, (g + 1) * generations).map((r) => ({ units: [r], unitOf: [0] }))
  )
  const near = (found: ReadonlyArray<ReadonlyArray<Float64Array>>, expected: ReadonlyArray<number>) => {
    const flat = found.flat().map((tokens) => tokens[0]!)
    for (const [i, e] of expected.entries()) expect(flat[i], `[${i}]`).toBeCloseTo(e, 10)
  }

  it("golden: advantages scaled by group", () => {
    near(groups.map(Advantage.groupRelative().estimate), scaled.group)
  })

  it("golden: advantages centred and not scaled", () => {
    near(groups.map(Advantage.groupRelative({ scale: "none" }).estimate), scaled.none)
  })

  it("golden: advantages scaled by batch", () => {
    near(Advantage.batchScaled().estimateBatch(groups), scaled.batch)
  })
})

describe("vectors/", () => {
  const folder = new URL("vectors/", import.meta.url)
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"))
  const readme = readFileSync(new URL("README.md", folder), "utf8")

  it.each(files)("law: %s: is described, and made by the script beside it", (name) => {
    expect(readme).toContain(`\`${name}\``)
    expect(readFileSync(new URL(name.replace(".json", ".py"), folder), "utf8")).toContain(`specs/vectors/${name}`)
  })

  it("law: the README names every field of the policy objectives' cases", () => {
    for (const key of Object.keys(golden.losses[0]!).filter((k) => k !== "name")) expect(readme).toContain(`\`${key}\``)
    for (const key of Object.keys(values)) expect(readme).toContain(`\`${key}\``)
  })
})
