import { arithmeticPerturbation, type Perturbation, referencePerturbations } from "../../core/reward/index.ts"
import type { CriticRecipe } from "./Recipe.ts"

const equations = arithmeticPerturbation()

const known: ReadonlyMap<string, Perturbation> = new Map([
  ...referencePerturbations.map((each) => [each.name, each] as const),
  ["corrupt_equation", equations]
])

/** Perturbations by the names of a configuration, and whether the wrong versions that the data store are among them. */
export const perturbationsNamed = (names: ReadonlyArray<string>): CriticRecipe["negatives"] => ({
  perturbations: names.flatMap((name) => known.get(name) ?? []),
  stored: names.includes("stored_corruptions")
})
