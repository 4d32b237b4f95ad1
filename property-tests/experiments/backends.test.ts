import { readFileSync } from "node:fs"
import { Effect, Exit, Result } from "effect"
import { describe, expect, it } from "vitest"
import { Reference } from "../../src/backends/reference/index.ts"
import * as Laws from "../../src/core/laws/index.ts"
import { Backend } from "../../src/core/service/index.ts"
import {
  backendLayer,
  backendNamed,
  backendNames,
  entries,
  usualBackend
} from "../../src/experiments/backends/index.ts"

/** The name that the backend itself goes by, or what keeps it from starting. */
const started = (name: string, threads?: number) =>
  Effect.runPromiseExit(
    Effect.map(Backend, (backend) => backend.name).pipe(Effect.provide(backendLayer(name, { threads })))
  )

describe("backends by name", () => {
  it("golden: the default is there, and names are unique", () => {
    expect(backendNames).toContain(usualBackend)
    expect(new Set(backendNames).size).toBe(backendNames.length)
  })

  it.each(["reference", "onnx-cpu"])("law: %s calls itself so", async (name) => {
    expect(await started(name)).toEqual(Exit.succeed(name))
  })

  it("law: every deviation is from a law that there is, with a reason", () => {
    for (const { precision, deviations } of entries) {
      const laws = Laws.backend({ reference: Reference.layer, precision, deviations })
      expect(laws.filter((law) => law.deviation !== undefined)).toHaveLength(Object.keys(deviations).length)
      for (const reason of Object.values(deviations)) expect(reason.length).toBeGreaterThan(20)
    }
  })

  it("law: docs/backends.md tells of every backend, and its matrix has every area", () => {
    const page = readFileSync(new URL("../../docs/backends.md", import.meta.url), "utf8")
    for (const name of backendNames) expect(page).toMatch(new RegExp(`^\\| \`${name}\` \\|`, "mu"))
    for (const area of Laws.areas) expect(page).toMatch(new RegExp(`^\\| ${area} \\|`, "mu"))
  })

  it("error: an unknown name is told with the nearest, and fails as wrong usage", async () => {
    const refused = Result.getOrThrow(Result.flip(backendNamed("onxn-cpu")))
    expect(refused.message).toContain("--backend onxn-cpu: there is no such backend.")
    expect(refused.message).toContain("Did you mean onnx-cpu?")
    expect(Exit.isFailure(await started("cuda"))).toBe(true)
  })

  it("error: threads of a backend that has none to choose are refused, not forgotten", async () => {
    const exit = await started("reference", 2)
    expect(Exit.isFailure(exit) && String(exit.cause)).toContain("its threads cannot be chosen. Leave out --threads.")
  })
})
