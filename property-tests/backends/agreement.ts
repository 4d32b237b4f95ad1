import { expect, layer as suite } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import * as fc from "fast-check"
import { evaluate } from "../../src/core/kernel/index.ts"
import { anyProgram, differentiated, type Sample } from "../../src/core/laws/program/index.ts"
import { type Program, Steps } from "../../src/core/program/index.ts"
import { Backend, type Feeds } from "../../src/core/service/index.ts"
import type { Tensor } from "../../src/core/tensor/index.ts"
import { lower } from "../../src/core/transform/index.ts"
import { difference, type Tolerance } from "./tolerance.ts"

const largest = (t: Tensor): number => (t.data as Float64Array).reduce((m, v) => Math.max(m, Math.abs(v)), 0)

/** How two answers differ, relative to the largest element of each tensor; `undefined` when they agree. */
const disagreement = (found: Feeds, expected: Feeds, { absolute, relative, reason }: Tolerance): string | undefined => {
  for (const [name, t] of Object.entries(expected)) {
    const wrong = difference(found[name]!, t, { absolute: absolute + relative * largest(t), relative: 0, reason })
    if (wrong !== undefined) return `output ${name} ${wrong}`
  }
  return undefined
}

const answer = (program: Program, feeds: Feeds) =>
  Effect.scoped(
    Effect.gen(function* () {
      const compiled = yield* Backend.use((b) => b.compile(Steps.stateless(program)))
      return yield* compiled.run(feeds)
    })
  )

/** A backend answers random programs as the double-precision kernels do. */
export const agreement = <E>(name: string, layer: Layer.Layer<Backend, E>, tolerance: Tolerance): void =>
  suite(layer, { excludeTestServices: true })(`agreement: ${name}`, (it) => {
    const law = (claim: string, samples: fc.Arbitrary<Sample>, prepare: (p: Program) => Program) =>
      it.effect(claim, () =>
        Effect.gen(function* () {
          const context = yield* Effect.context<Backend>()
          const holds = async (sample: Sample) => {
            const program = prepare(sample.program)
            const found = await Effect.runPromiseWith(context)(answer(program, sample.feeds))
            expect(disagreement(found, evaluate(program, sample.feeds), tolerance) ?? "agrees").toBe("agrees")
          }
          yield* Effect.promise(() => fc.assert(fc.asyncProperty(samples, holds), { seed: 42, numRuns: 250 }))
        })
      )
    law("law: programs agree with the reference", anyProgram("continuous"), (p) => p)
    law("law: lowered programs agree with the reference", anyProgram("continuous"), lower)
    law("law: gradients agree with the reference", anyProgram("smooth"), differentiated)
    law("law: lowered gradients agree with the reference", anyProgram("smooth"), (p) => lower(differentiated(p)))
  })
