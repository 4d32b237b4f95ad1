import { describe, expect, it } from "vitest"
import { type Measurement, Measurements } from "../../src/core/evaluation/index.ts"
import { type MethodSummary, type Summary, summarise } from "../../src/core/figure/report/index.ts"
import { ablationTable } from "../../src/experiments/compare/index.ts"
import { reportData } from "../figure/reportData.ts"

const report = summarise(reportData)

const shown = (value: number) => ({ value, ci95: [0, 1] as const, n: 200 })

const method = (passAt1: number): MethodSummary => ({ passAt1: shown(passAt1) })

/** A run whose policies reach so much under the settings `plan` and `other`. */
const run = (seed: number, sft: number, plan: number, other: number): Summary => ({
  ...report,
  seed,
  sft: method(sft),
  airl: { plan: method(plan), other: method(other) },
  reward: {}
})

const settings = [
  { key: "plan", label: "as planned" },
  { key: "other", label: "another way" }
]

const row = (runs: ReadonlyArray<Summary>, index: number) => {
  const { columns, rows } = ablationTable(runs, settings)
  return new Map(columns.map(({ key }, c) => [key, rows[index]![c]!]))
}

const close = (cell: unknown, [value, low, high]: readonly [number, number, number]) => {
  const { ci95, ...found } = cell as Extract<Measurement, { readonly value: number }>
  expect(found.value).toBeCloseTo(value, 10)
  expect([ci95[0], ci95[1]].map((x) => x.toFixed(3))).toEqual([low.toFixed(3), high.toFixed(3)])
}

describe("ablationTable", () => {
  const runs = [run(1, 0.5, 0.7, 0.6), run(2, 0.1, 0.4, 0.2)]

  it("golden: differences are paired by seed, with t(1) = 12.7062", () => {
    // Gains of the plan 0.2 and 0.3: 0.25 ± 12.7062 · 0.05. Changes of the other -0.1 and -0.2: -0.15 ± the same.
    close(row(runs, 0).get("gain"), [0.25, -0.38531, 0.88531])
    close(row(runs, 1).get("change"), [-0.15, -0.78531, 0.48531])
    close(row(runs, 1).get("passAt1"), [0.4, -2.14124, 2.94124])
  })

  it("edge: the first setting has no difference to itself, and what was not measured says so", () => {
    expect(ablationTable(runs, settings).rows[0]![3]).toBeNull()
    expect(row(runs, 1).get("reward")).toEqual(Measurements.notAvailable("not measured in every run"))
  })

  it("edge: rows follow the settings, under their labels", () => {
    expect(ablationTable(runs, settings).rows.map(([label]) => label)).toEqual(["as planned", "another way"])
  })
})
