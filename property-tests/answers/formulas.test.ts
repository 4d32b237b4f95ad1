import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { it as effectIt } from "@effect/vitest"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { AnswerChecks, checkAnswer, FormulaEquality, withoutFormulas } from "../../src/core/text/index.ts"
import { FormulaEngineMissing, formulas } from "../../src/experiments/answers/index.ts"

const check = (g: string, p: string | undefined, options?: ReadonlyArray<string>) =>
  Effect.map(checkAnswer(AnswerChecks.gold(g), AnswerChecks.prediction(p), options), (outcome) =>
    outcome._tag === "Scored" ? outcome.value : outcome._tag
  )
const { raw } = String
const table: ReadonlyArray<readonly [gold: string, prediction: string, outcome: number]> = [
  ["18", "$18", 1],
  ["1,000", "1000.0", 1],
  [raw`\frac{1}{2}`, "0.5", 1],
  ["50 cm", "0.5 m", 1],
  ["50 cm", "50 m", 0],
  ["5 kg", "5 m", 0],
  ["50", "50 dollars", 1],
  ["$2", "200 cents", 1],
  [raw`90^\circ`, "90", 1],
  ["4", raw`\sqrt{16}`, 1],
  ["2", raw`\sqrt{2}`, 0],
  ["2", raw`2\sqrt{2}`, 0],
  ["2", "x^2", 0],
  ["3", "3x", 0],
  [raw`2\sqrt{2}`, raw`\sqrt{8}`, 1],
  [raw`\frac{\sqrt{3}}{3}`, raw`\dfrac{1}{\sqrt3}`, 1],
  [raw`\frac{\pi}{2}`, raw`\boxed{\frac12 \pi}`, 1],
  ["x^2+2x+1", "(x+1)^2", 1],
  ["x^2+2x+1", "(x-1)^2", 0],
  [raw`\sin^2 t`, raw`1-\cos^2 t`, 1],
  ["x+1", "y+1", 0],
  ["x = 5", "5", 1],
  [raw`x=\sqrt{2}`, raw`\sqrt{2}`, 1],
  ["x = y^2", "z = y^2", 0],
  ["(1, 2)", "(1,2)", 1],
  ["(1, 2)", "(2, 1)", 0],
  [raw`\text{east}`, "East", 1],
  ["east", "west", 0],
  [raw`2\sqrt{3} \text{ cm}`, raw`\sqrt{12}`, 1],
  [raw`1 \pm \sqrt{2}`, raw`x = 1 + \sqrt{2} or x = 1 - \sqrt{2}`, 1],
  [raw`1 \pm \sqrt{2}`, raw`1 + \sqrt{2}`, 0],
  [raw`x=1 \text{ or } x=\sqrt{2}`, raw`x = 1 or x = \frac{2}{\sqrt2}`, 1]
]

effectIt.layer(formulas(), { excludeTestServices: true })("the one check", (effectIt) => {
  for (const [gold, prediction, outcome] of table)
    effectIt.effect(`golden: gold ${gold}, prediction ${prediction}: ${outcome}`, () =>
      Effect.map(check(gold, prediction), (found) => expect(found).toBe(outcome))
    )

  effectIt.effect("defect 20: a prediction that quotes the gold answer among others is wrong, however it does so", () =>
    Effect.forEach(
      [
        ["3", "3 or 4"],
        ["3", "3, 4"],
        ["3", raw`\sqrt{9} or \sqrt{16}`],
        [raw`\sqrt{2}`, raw`\sqrt{2} or \sqrt{3}`],
        [raw`\sqrt{2}`, raw`\sqrt{2}, \sqrt{3}`],
        [raw`\sqrt{2}`, raw`\{\sqrt{2}, \sqrt{3}\}`],
        [raw`\sqrt{2}`, raw`\sqrt{3} = \sqrt{2} = 1`],
        [raw`\sqrt{2}`, "\\sqrt{2}\n\\sqrt{3}"],
        [raw`\sqrt{2}`, raw`\sqrt{2} \pm 1`],
        ["x^2", "x^2 and x^3"]
      ] as const,
      ([gold, prediction]) =>
        Effect.map(check(gold, prediction), (found) => expect([prediction, found]).toEqual([prediction, 0]))
    )
  )

  effectIt.effect(
    "error: a tower of powers that the engine does not end with is given up, and the next one is answered",
    () =>
      Effect.gen(function* () {
        expect(yield* check(raw`\sqrt{2}`, "9^{9^{9^{9}}}")).toBe("TimedOut")
        expect(yield* check(raw`\sqrt{2}`, raw`\frac{2}{\sqrt{2}}`)).toBe(1)
      })
  )

  effectIt.effect(
    "edge: no answer is wrong, nonsense is wrong, only a gold answer that cannot be read is unverifiable",
    () =>
      Effect.gen(function* () {
        expect(yield* check("1", undefined)).toBe(0)
        expect(yield* check(raw`\sqrt{2}`, " ")).toBe(0)
        expect(yield* check(raw`\sqrt{2}`, raw`\frac{`)).toBe(0)
        expect(yield* check(raw`\frac{`, raw`\sqrt{2}`)).toBe("Unverifiable")
        expect(yield* check("B", "B. two", ["one", "two"])).toBe(1)
      })
  )
})

const folder = mkdtempSync(join(tmpdir(), "formulas-"))
const script = (name: string, text: string): URL => {
  writeFileSync(join(folder, name), text)
  return pathToFileURL(join(folder, name))
}
const speaks = `import { workerData } from "node:worker_threads"
  const { port, replies } = workerData
  const say = (reply) => {
    port.postMessage(reply)
    Atomics.add(replies, 0, 1)
    Atomics.notify(replies, 0)
  }`
const start = `${speaks}; say({ _tag: "Ready" });`

describe("the worker", () => {
  it("error: a comparison that does not end is ended at its deadline, and the next one is answered", async () => {
    const worker = script(
      "loops.mjs",
      `${start} port.on("message", ({ gold }) => {
        while (gold === "loop") {}
        say({ _tag: "Decided", outcome: { _tag: "Scored", value: 1, reason: "" } })
      })`
    )
    const outcomes = await Effect.runPromise(
      FormulaEquality.useSync(({ compare }) => ["loop", "b", "loop", "c"].map((gold) => compare(gold, "a"))).pipe(
        Effect.provide(formulas({ worker, deadline: 500 }))
      )
    )
    expect(outcomes.map((o) => o._tag)).toEqual(["TimedOut", "Scored", "TimedOut", "Scored"])
  })

  it("error: a worker that breaks down gives no verdict, and the next one is answered", async () => {
    const worker = script(
      "breaks.mjs",
      `${start} port.on("message", ({ gold }) => {
        if (gold === "fail") return say({ _tag: "Failed" })
        if (gold === "break") throw new Error("no")
        say({ _tag: "Decided", outcome: { _tag: "Scored", value: 0, reason: "" } })
      })`
    )
    const outcomes = await Effect.runPromise(
      FormulaEquality.useSync(({ compare }) => [compare("fail", ""), compare("break", ""), compare("b", "")]).pipe(
        Effect.provide(formulas({ worker, deadline: 500 }))
      )
    )
    expect(outcomes.map((o) => o._tag)).toEqual(["Unverifiable", "TimedOut", "Scored"])
  })

  it("error: an engine that is not installed is named, with the repair", async () => {
    const worker = script("missing.mjs", `${speaks}; say({ _tag: "Missing", reason: "not found" })`)
    const error = await Effect.runPromise(Effect.flip(Effect.provide(check("x^2", "x^3"), formulas({ worker }))))
    expect(error).toBeInstanceOf(FormulaEngineMissing)
    expect(error.message).toContain("npm install @cortex-js/compute-engine")
  })

  it("edge: without an engine formulas have no verdict unless they are the same letter by letter", async () => {
    const run = (g: string, p: string) => Effect.runPromise(Effect.provide(check(g, p), withoutFormulas))
    expect(await run(raw`\sqrt{2}`, raw`$\sqrt 2$`)).toBe(1)
    expect(await run(raw`\sqrt{2}`, raw`\sqrt{3}`)).toBe("Unverifiable")
    expect(await run("4", "5")).toBe(0)
  })
})
