import { readdirSync, readFileSync } from "node:fs"
import { it } from "@effect/vitest"
import { Effect } from "effect"
import { TestConsole } from "effect/testing"
import { describe, expect } from "vitest"
import { main } from "../examples/first-program.ts"

describe("examples/first-program.ts", () => {
  // softplus(2) - 0.9·2 and softplus(1) - 0.1·1, halved and added; σ(2) - 0.9 and σ(1) - 0.1, halved.
  it.effect("golden: prints the loss and the gradient worked out by hand", () =>
    Effect.gen(function* () {
      yield* main
      expect(yield* TestConsole.logLines).toEqual(["loss 0.7701, gradient 0.000,-0.010,0.000,0.000,0.000,0.316"])
    })
  )
})

describe("README", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")

  it("shows the first example as it runs", () => {
    const source = readFileSync(new URL("../examples/first-program.ts", import.meta.url), "utf8")
    const program = source.slice(source.indexOf("import"), source.indexOf("\nif (import.meta.main)"))
    expect(readme).toContain(program)
  })

  it("names every example", () => {
    for (const file of readdirSync(new URL("../examples", import.meta.url))) expect(readme).toContain(file)
  })
})
