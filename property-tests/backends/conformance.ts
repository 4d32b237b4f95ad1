import { layer as suite } from "@effect/vitest"
import type { Layer } from "effect"
import { Reference } from "../../src/backends/reference/index.ts"
import * as Laws from "../../src/core/laws/index.ts"
import type { Backend } from "../../src/core/service/index.ts"

/** Laws that a backend does not keep, by name, each with the reason. */
export type Exclusions = Readonly<Record<string, string>>

/** Areas whose laws each train or sample, which take the most time; the rest. */
export const runs: ReadonlyArray<Laws.Area> = ["sampling", "training"]
export const withoutRuns = Laws.areas.filter((area) => !runs.includes(area))

/**
 * Holds a backend to the laws that every backend is held to; those that it does not keep are skipped, with the reason.
 *
 * @param areas of the laws, all by default; slow backends are held to the rest by `npm run conformance`
 */
export const conformance = <E>(
  name: string,
  layer: Layer.Layer<Backend, E>,
  precision: Laws.Precision,
  deviations: Exclusions = {},
  areas: ReadonlyArray<Laws.Area> = Laws.areas
): void =>
  suite(layer, { excludeTestServices: true })(`backend: ${name}`, (it) => {
    const laws = Laws.backend({ reference: Reference.layer, precision, deviations })
    for (const law of laws.filter(({ area }) => areas.includes(area))) {
      if (law.deviation === undefined) it.effect(law.name, () => law.check)
      else it.skip(`${law.name} (${law.deviation})`, () => undefined)
    }
  })
