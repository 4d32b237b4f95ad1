import { layer as suite } from "@effect/vitest"
import type { Layer } from "effect"
import { Reference } from "../../src/backends/reference/index.ts"
import * as Laws from "../../src/core/laws/index.ts"
import type { Backend } from "../../src/core/service/index.ts"
import type { Tolerance } from "./tolerance.ts"

/** Laws that a backend does not keep, by name, each with the reason. */
export type Exclusions = Readonly<Record<string, string>>

/**
 * Holds a backend to the laws that every backend is held to; those that it does not keep are skipped, with the reason.
 *
 * @param areas of the laws, all by default; slow backends are held to the rest by `npm run conformance`
 */
export const conformance = <E>(
  name: string,
  layer: Layer.Layer<Backend, E>,
  precision: Laws.Precision | Tolerance,
  deviations: Exclusions = {},
  areas: ReadonlyArray<Laws.Area> = Laws.areas
): void =>
  suite(layer, { excludeTestServices: true })(`backend: ${name}`, (it) => {
    const claimed = typeof precision === "string" ? precision : precision.relative < 1e-9 ? "double" : "single"
    for (const law of Laws.backend({ reference: Reference.layer, precision: claimed, deviations })) {
      if (!areas.includes(law.area)) continue
      if (law.deviation === undefined) it.effect(law.name, () => law.check)
      else it.skip(`${law.name} (${law.deviation})`, () => undefined)
    }
  })
