import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Schedule, Schedules } from "../../src/core/optim/index.ts"

const decay = fc.record({
  peak: fc.double({ min: 1e-6, max: 1, noNaN: true }),
  warmupSteps: fc.nat(20),
  totalSteps: fc.integer({ min: 1, max: 200 })
})
const options = { seed: 42, numRuns: 60 }

describe.each([
  ["linear", Schedules.linear],
  ["cosine", Schedules.cosine]
] as const)("%s", (_, make) => {
  const curve = (schedule: Schedule): ReadonlyArray<number> => Array.from({ length: 260 }, (_, step) => schedule(step))

  it("law: rises to the peak, then never rises again, and ends at 0", () => {
    fc.assert(
      fc.property(decay, (d) => {
        fc.pre(d.warmupSteps < d.totalSteps)
        const rates = curve(make(d))
        const top = d.warmupSteps
        expect(rates[top]).toBeCloseTo(d.peak, 14)
        for (const [step, rate] of rates.entries()) {
          expect(rate).toBeGreaterThanOrEqual(0)
          expect(rate).toBeLessThanOrEqual(d.peak * (1 + 1e-15))
          if (step > 0 && step <= top) expect(rate).toBeGreaterThan(rates[step - 1]!)
          if (step > top) expect(rate).toBeLessThanOrEqual(rates[step - 1]!)
        }
        expect(Math.max(...rates.slice(d.totalSteps))).toBe(0)
      }),
      options
    )
  })

  it("law: is proportional to the peak", () => {
    fc.assert(
      fc.property(decay, (d) => {
        const unit = curve(make({ ...d, peak: 1 }))
        for (const [step, rate] of curve(make(d)).entries()) expect(rate).toBeCloseTo(d.peak * unit[step]!, 14)
      }),
      options
    )
  })
})
