import { Effect, Result } from "effect"
import { adaptedStep } from "../../core/adapter/index.ts"
import type { Problem } from "../../core/data/index.ts"
import { type Adaptation, type Params, SharedBases } from "../../core/learner/index.ts"
import { paramName, residentParams } from "../../core/optim/index.ts"
import { generate, type Reads } from "../evaluate/index.ts"
import { samplingOf } from "./policyOptions.ts"
import type { Work } from "./Work.ts"

const SCOPE = "answering/"

/** The base with these values of its adapter, beside whatever else lies there, until the scope closes. */
const adaptedReads = Effect.fnUntraced(function* ({ adapter, base }: Adaptation, values: Params) {
  yield* SharedBases.claim({ base, scope: SCOPE })
  yield* base.memory.write(residentParams(values, SCOPE))
  const places = { base: paramName(""), own: paramName("", SCOPE) }
  return {
    memory: base.memory,
    // It trains on this base, so that the step of any program of this decoder can be adapted.
    compile: (step) => base.compile(Result.getOrThrow(adaptedStep(adapter, step, places)))
  } satisfies Reads
})

/** One completion of each problem by a policy of the run, from the same uniforms whenever it is asked. */
export const answer = (
  { recipe, data: { task }, start }: Pick<Work, "recipe" | "data" | "start">,
  problems: ReadonlyArray<Problem>,
  params: Params
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const reads = start.adapter === undefined ? {} : { reads: yield* adaptedReads(start.adapter, params) }
      return yield* generate({
        ...reads,
        task,
        problems,
        config: start.config,
        params,
        generations: 1,
        sampling: samplingOf(recipe, start),
        seed: recipe.seed
      })
    })
  )
