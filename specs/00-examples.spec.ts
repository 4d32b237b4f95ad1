import { readdirSync, readFileSync } from "node:fs"
import { it } from "@effect/vitest"
import { Effect } from "effect"
import { TestConsole } from "effect/testing"
import { describe, expect } from "vitest"
import * as customGranularity from "../examples/custom-granularity.ts"
import * as customLoop from "../examples/custom-loop.ts"
import * as customObjective from "../examples/custom-objective.ts"
import * as customOutcome from "../examples/custom-outcome.ts"
import * as customScorer from "../examples/custom-scorer.ts"
import * as customTask from "../examples/custom-task.ts"
import { main } from "../examples/first-program.ts"
import * as Laws from "../src/core/laws/index.ts"

const folder = new URL("../examples/", import.meta.url)
const files = readdirSync(folder).filter((file) => file.endsWith(".ts"))

describe("examples/first-program.ts", () => {
  // softplus(2) - 0.9·2 and softplus(1) - 0.1·1, halved and added; σ(2) - 0.9 and σ(1) - 0.1, halved.
  it.effect("golden: prints the loss and the gradient worked out by hand", () =>
    Effect.gen(function* () {
      yield* main
      expect(yield* TestConsole.logLines).toEqual(["loss 0.7701, gradient 0.000,-0.010,0.000,0.000,0.000,0.316"])
    })
  )
})

describe("examples of one's own", () => {
  const printed = <E>(main: Effect.Effect<void, E>) => Effect.andThen(main, TestConsole.logLines)

  it.effect("golden: a granularity cuts after each equation, and keeps the laws", () =>
    Effect.gen(function* () {
      expect(yield* printed(customGranularity.main)).toEqual([
        'unit 0 ends with token 6: "12 + 3 = 15"',
        'unit 1 ends with token 14: "\\n15 + 1 = 16"',
        'unit 2 ends with token 18: "\\nso 16"'
      ])
      for (const law of Laws.granularity(customGranularity.equations)) law.check()
    })
  )

  // (1 - 0.5)⁺/2 + (1 - 2)⁺/2 + (1 - 0.25)⁺ = 0.25 + 0 + 0.75; only units inside the margin have a slope.
  it.effect("golden: a hinge objective has the loss and the gradient worked out by hand", () =>
    Effect.gen(function* () {
      expect(yield* printed(customObjective.main)).toEqual(["loss 1, gradient -0.5 0 1"])
      for (const law of Laws.discriminator(customObjective.hinge(1))) law.check()
    })
  )

  it.effect("golden: an outcome reward prefers short right answers and judges nothing without a gold answer", () =>
    Effect.gen(function* () {
      expect(yield* printed(customOutcome.main)).toEqual([
        "0.9 (right in 2 steps)",
        "1 (right in 1 steps)",
        "0 (compared as numbers)",
        "0 (no answer given)",
        "skipped: no gold answer"
      ])
    })
  )

  it.effect("golden: a task is encoded, and its expert is right", () =>
    Effect.gen(function* () {
      expect(yield* printed(customTask.main)).toEqual([
        "4 prompt tokens, 5 of the expert",
        "1 (compared letter by letter)"
      ])
    })
  )

  it.effect("golden: a scorer of single equations sees a wrong number, and is blind to steps that are missing", () =>
    Effect.gen(function* () {
      const lines = (yield* printed(customScorer.main)).map(String)
      expect(lines).toHaveLength(6)
      expect(lines[0]).toMatch(/^delete a step: should fall, did not in (\d+) of \1$/)
      expect(lines[3]).toBe("change a number: should fall, did not in 0 of 50")
      expect(lines[5]).toMatch(/^reformat: should stay, did not in 0 of \d+$/)
    })
  )

  it.effect("a training loop starts at log 2 and learns", () =>
    Effect.gen(function* () {
      const lines = (yield* printed(customLoop.main)).map(String)
      expect(lines[0]).toBe("step 0: loss 0.693")
      expect(Number(lines.at(-1)!.split(" ").at(-1))).toBeLessThan(0.3)
    })
  )

  it("a backend is under 150 lines, and its guide shows what it is made of", () => {
    const source = readFileSync(new URL("backend/float32.ts", folder), "utf8").trimEnd()
    expect(source.split("\n").length).toBeLessThan(150)
    const guide = readFileSync(new URL("../docs/write-a-backend.md", import.meta.url), "utf8")
    const shown = [...guide.matchAll(/```ts\n\/\/ examples\/backend\/(\w+\.ts)\n(.*?)```/gsu)]
    expect(shown.length).toBeGreaterThan(3)
    for (const [, file, part] of shown)
      expect(readFileSync(new URL(`backend/${file}`, folder), "utf8")).toContain(part!)
  })

  it("each is under 40 lines", () => {
    for (const file of files) {
      const lines = readFileSync(new URL(file, folder), "utf8").trimEnd().split("\n")
      expect(lines.length, file).toBeLessThan(40)
    }
  })
})

describe("README", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")

  it("shows the first example as it runs", () => {
    const source = readFileSync(new URL("../examples/first-program.ts", import.meta.url), "utf8")
    const program = source.slice(source.indexOf("import"), source.indexOf("\nif (import.meta.main)"))
    expect(readme).toContain(program)
  })

  it("names every example", () => {
    for (const file of files) expect(readme).toContain(file)
  })
})
