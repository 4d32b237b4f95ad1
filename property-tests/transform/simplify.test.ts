import { Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { anyProgram, differentiated } from "../../src/core/laws/program/index.ts"
import { type Program, Programs, print } from "../../src/core/program/index.ts"
import { check, cost, lower, simplify, tap } from "../../src/core/transform/index.ts"
import { sameMeaning } from "./laws.ts"

const inputs = (p: Program) => Object.keys(Programs.inputs(p)).sort()

const transforms = { simplify, lower } as const

for (const [name, transform] of Object.entries(transforms)) {
  describe(name, () => {
    it("law: preserves meaning", () =>
      fc.assert(
        fc.property(anyProgram(), (s) => sameMeaning(s, transform)),
        { seed: 42, numRuns: 1500 }
      ))

    it("law: preserves the meaning of gradients", () =>
      fc.assert(
        fc.property(anyProgram(), (s) => sameMeaning({ ...s, program: differentiated(s.program) }, transform)),
        { seed: 43, numRuns: 300 }
      ))

    it("law: leaves a well-typed program with the same inputs and outputs", () =>
      fc.assert(
        fc.property(anyProgram(), (s) => {
          const before = differentiated(s.program)
          const after = transform(before)
          expect(Result.getOrThrow(check(after))).toBe(after)
          expect(inputs(after)).toEqual(inputs(before))
          expect(Programs.outputSpecs(after)).toEqual(Programs.outputSpecs(before))
        }),
        { seed: 42, numRuns: 300 }
      ))

    it("law: twice is once", () =>
      fc.assert(
        fc.property(anyProgram(), (s) => {
          const once = transform(differentiated(s.program))
          expect(print(transform(once))).toBe(print(once))
        }),
        { seed: 42, numRuns: 300 }
      ))

    it("law: never adds arithmetic", () =>
      fc.assert(
        fc.property(anyProgram(), (s) => {
          const before = differentiated(s.program)
          return cost(transform(before)).flops <= cost(before).flops
        }),
        { seed: 42, numRuns: 300 }
      ))
  })
}

describe("check", () => {
  it("law: differentiation and taps are well-typed", () =>
    fc.assert(
      fc.property(anyProgram(), (s) => {
        fc.pre(s.floats.length > 0)
        for (const p of [differentiated(s.program), tap(s.program)]) expect(Result.getOrThrow(check(p))).toBe(p)
      }),
      { seed: 42, numRuns: 300 }
    ))
})
