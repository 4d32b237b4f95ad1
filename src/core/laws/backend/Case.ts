import { Effect } from "effect"
import { evaluate } from "../../kernel/index.ts"
import { type Program, Steps } from "../../program/index.ts"
import { Backend, type Feeds } from "../../service/index.ts"
import { type Area, type BackendLaw, backendLaw } from "./BackendLaw.ts"
import { disagreement, type Tolerance } from "./Tolerance.ts"

/** A program, feeds for it, and what every backend must answer. */
export interface Case {
  readonly name: string
  readonly program: Program
  readonly feeds: Feeds
  /** By hand or by somebody else; what the kernels of the core make of it where absent. */
  readonly expected?: Feeds
}

/** What the backend makes of a program without state. */
export const answer = (program: Program, feeds: Feeds) =>
  Effect.scoped(
    Effect.gen(function* () {
      const compiled = yield* Backend.use((b) => b.compile(Steps.stateless(program)))
      return yield* compiled.run(feeds)
    })
  )

/** That a backend answers a case. */
export const caseLaw = (area: Area, { name, program, feeds, expected }: Case, tolerance: Tolerance): BackendLaw =>
  backendLaw(
    area,
    name,
    Effect.map(answer(program, feeds), (found) => disagreement(found, expected ?? evaluate(program, feeds), tolerance))
  )
