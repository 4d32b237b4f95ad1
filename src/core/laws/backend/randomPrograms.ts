import { Effect } from "effect"
import fc from "fast-check"
import { evaluate } from "../../kernel/index.ts"
import type { Program } from "../../program/index.ts"
import type { Backend } from "../../service/index.ts"
import { lower } from "../../transform/index.ts"
import { anyProgram, differentiated, type Sample } from "../program/index.ts"
import { type BackendLaw, backendLaw } from "./BackendLaw.ts"
import { answer } from "./Case.ts"
import { disagreement, type Tolerance } from "./Tolerance.ts"

const programs: ReadonlyArray<readonly [string, fc.Arbitrary<Sample>, (p: Program) => Program]> = [
  ["programs", anyProgram("continuous"), (p) => p],
  ["lowered programs", anyProgram("continuous"), lower],
  ["gradients", anyProgram("smooth"), differentiated],
  ["lowered gradients", anyProgram("smooth"), (p) => lower(differentiated(p))]
]

/** That random programs mean to a backend what they mean to the kernels. The smallest counterexample is told. */
export const randomPrograms = (numRuns: number, tolerance: Tolerance): ReadonlyArray<BackendLaw> =>
  programs.map(([name, samples, prepare]) =>
    backendLaw(
      "programs",
      `random ${name} agree with the reference`,
      Effect.gen(function* () {
        const context = yield* Effect.context<Backend>()
        const holds = async (sample: Sample) => {
          const program = prepare(sample.program)
          const found = await Effect.runPromiseWith(context)(answer(program, sample.feeds))
          const wrong = disagreement(found, evaluate(program, sample.feeds), tolerance)
          if (wrong !== undefined) throw new Error(wrong)
        }
        const details = yield* Effect.promise(async () =>
          fc.check(fc.asyncProperty(samples, holds), { seed: 42, numRuns })
        )
        return details.failed ? fc.defaultReportMessage(details) : undefined
      })
    )
  )
