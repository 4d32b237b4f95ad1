import { describe, expect, it } from "vitest"
import { aurocPooled, Resamplings } from "../../src/core/evaluation/index.ts"

describe("aurocPooled", () => {
  it("edge: 100 000 rows and 1000 draws take seconds", () => {
    const pools = Array.from({ length: 12_500 }, (_, b) => ({
      correct: Array.from({ length: 8 }, (_, i) => (b * 7 + i * 3) % 5 < 2),
      scores: Array.from({ length: 8 }, (_, i) => Math.sin(b * 8 + i))
    }))
    const started = performance.now()
    expect(aurocPooled(pools, Resamplings.standard)._tag).toBe("Estimate")
    expect(performance.now() - started).toBeLessThan(15_000)
  })
})
