import { appendScenarios } from "./append.ts"
import { arithmeticShapes } from "./arithmeticShapes.ts"
import type { BackendClaims, BackendLaw } from "./BackendLaw.ts"
import { caseLaw } from "./Case.ts"
import { errorScenarios } from "./errors.ts"
import { losses } from "./losses.ts"
import { memoryScenarios } from "./memory.ts"
import { models } from "./models.ts"
import { movementShapes } from "./movementShapes.ts"
import { opCases } from "./opCases.ts"
import { optimiserLaws } from "./optimisers.ts"
import { programCases } from "./programCases.ts"
import { randomPrograms } from "./randomPrograms.ts"
import { repeatable } from "./repeatable.ts"
import { scenarioLaw } from "./Scenario.ts"
import { samplingLaws } from "./sampling.ts"
import { tolerances } from "./tolerances.ts"
import { trainingLaws } from "./training.ts"

/**
 * What holds of every backend: each operation and shape, whole programs, memory, errors, the models, losses, optimisers
 * and sampling of this library, and a training run, all against the reference.
 *
 * @throws RangeError where a deviation is from no law
 * @example
 * for (const law of Laws.backend({ reference: Reference.layer, precision: "single" })) {
 *   it(law.name, () => Effect.runPromise(law.check.pipe(Effect.provide(Mine.layer))))
 * }
 * @see specs/03-backends.md, docs/write-a-backend.md
 */
export const backend = (claims: BackendClaims): ReadonlyArray<BackendLaw> => {
  const { reference, precision, deviations = {}, numRuns = 100 } = claims
  const within = tolerances[precision]
  const laws = [
    ...opCases.map((c) => caseLaw("operations", c, within.operations)),
    ...[...arithmeticShapes, ...movementShapes].map((c) => caseLaw("operations", c, within.shapes)),
    ...programCases.map((c) => caseLaw("programs", c, within.operations)),
    ...randomPrograms(numRuns, within.programs),
    repeatable,
    ...[...memoryScenarios, ...appendScenarios].map((s) => scenarioLaw("memory", s)),
    ...errorScenarios.map((s) => scenarioLaw("errors", s)),
    ...models(within.models),
    ...losses(within.losses),
    ...optimiserLaws(reference, within.optimisers),
    ...samplingLaws(reference, within.sampling),
    ...trainingLaws(reference, within.training)
  ]
  const stray = Object.keys(deviations).find((name) => laws.every((law) => law.name !== name))
  if (stray !== undefined) throw new RangeError(`Deviations name "${stray}", which is no law of a backend.`)
  return laws.map((law) => {
    const deviation = deviations[law.name]
    return deviation === undefined ? law : { ...law, deviation }
  })
}
