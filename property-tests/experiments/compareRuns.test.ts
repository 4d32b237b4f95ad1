import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { it } from "@effect/vitest"
import { Effect } from "effect"
import { TestConsole } from "effect/testing"
import { describe, expect } from "vitest"
import { Measurements } from "../../src/core/evaluation/index.ts"
import { summarise } from "../../src/core/figure/report/index.ts"
import { compareRuns } from "../../src/experiments/compare/index.ts"
import { reportData } from "../figure/reportData.ts"

const run = (folder: string, seed: number, passAt1: number): string => {
  const data = {
    ...reportData,
    seed,
    methods: reportData.methods.map((method) =>
      method.kind === "sft" ? { ...method, passAt1: Measurements.estimate(passAt1, [0, 1], 200) } : method
    )
  }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "summary.json"), JSON.stringify(summarise(data)))
  return folder
}

const root = mkdtempSync(join(tmpdir(), "compare-"))
const compare = (...runs: ReadonlyArray<string>) =>
  compareRuns({ runs, json: false }).pipe(Effect.provide(NodeServices.layer))

describe("compareRuns", () => {
  it.effect("golden: mean of 0.4 and 0.6 with t(1) = 12.706, that is 0.5 ± 1.2706", () =>
    Effect.gen(function* () {
      yield* compare(run(join(root, "a"), 1, 0.4), run(join(root, "b"), 2, 0.6))
      const text = String((yield* TestConsole.logLines)[0])
      expect(text).toMatch(/\| SFT \| 50\.0\s?% \\\[-77\.1, 177\.1\\\] \|/)
    })
  )

  it.effect("error: two runs of one seed are no two seeds", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(compare(run(join(root, "c"), 1, 0.4), run(join(root, "d"), 1, 0.6)))
      expect(error.message).toContain("repeats seed 1")
    })
  )

  it.effect("error: a folder without a summary is named, with what to do", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(compare(join(root, "none"), join(root, "a")))
      expect(error.message).toContain(join(root, "none", "summary.json"))
      expect(error.message).toContain("finished")
    })
  )
})
