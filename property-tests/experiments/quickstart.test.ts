import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { Onnx } from "../../src/backends/onnx/index.ts"
import { Summary } from "../../src/core/figure/report/index.ts"
import { StopSignal } from "../../src/core/run/index.ts"
import { gsm8k, mmluPro, quickGsm8kPlan, quickMmluProPlan, reasoning } from "../../src/experiments/quickstart/index.ts"
import {
  consoleInto,
  filesOf,
  folder,
  gsm8kFolder,
  mmluProFolder,
  optionsOf,
  outcomeOf,
  printed,
  tinyPlan
} from "./tiny.ts"

const summaryOf = (path: string): Summary =>
  Schema.decodeUnknownSync(Summary)(JSON.parse(readFileSync(join(path, "summary.json"), "utf8")))

/** Runs until the signal has been asked for so many times, then stops in good order. */
const stoppedAfter = (path: string, checks: number, resume: boolean) => {
  let asked = 0
  const signal = {
    requested: Effect.sync(() => (++asked > checks ? ("SIGINT" as const) : undefined)),
    listen: Effect.void
  }
  return reasoning(optionsOf(path, { resume }), tinyPlan).pipe(
    Effect.scoped,
    Effect.provideService(StopSignal, signal),
    Effect.provideService(Console.Console, consoleInto([])),
    Effect.provide(Onnx.cpuWith({ threads: 1 })),
    Effect.provide(NodeServices.layer),
    Effect.result,
    Effect.runPromise
  )
}

describe("reasoning", () => {
  it("goes from nothing to a report, and a run that was stopped again and again equals it bit for bit", async () => {
    const path = folder()
    const out = await printed(reasoning(optionsOf(path), tinyPlan))
    for (const row of ["SFT", "AIRL sparse", "AIRL step-wise", "AIRL interval", "AIRL dense", "GRPO"])
      expect(out).toContain(row)
    const { airl, sft, grpo, reward, shown } = summaryOf(path)
    expect(Object.keys(airl)).toEqual(["sparse", "stepwise", "interval", "dense"])
    expect(Object.keys(reward)).toEqual(Object.keys(airl))
    expect(sft?.passAt1.value).toBeTypeOf("number")
    expect(grpo?.gainOverSft).toBeDefined()
    expect(shown.methods.every(({ curves, kind }) => kind === "reward" || curves.length > 0)).toBe(true)
    const names = Object.keys(filesOf(path))
    expect(names).toEqual(expect.arrayContaining(["report.html", "figures/pass-at-k.svg", "figures/localisation.svg"]))
    const report = readFileSync(join(path, "report.html"), "utf8")
    expect(report).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/)
    expect(report).toContain('<a href="explorer.html">')
    expect(readFileSync(join(path, "explorer.html"), "utf8")).toContain('<a href="report.html">')

    const other = folder()
    let stops = 0
    for (let resume = false; ; resume = true) {
      const result = await stoppedAfter(other, 3 + (stops % 4), resume)
      if (result._tag === "Success") break
      expect(result.failure).toMatchObject({ _tag: "Interrupted" })
      stops++
    }
    expect(stops).toBeGreaterThan(3)
    const [whole, resumed] = [outcomeOf(path), outcomeOf(other)]
    for (const [name, content] of Object.entries(resumed)) {
      if (whole[name] !== undefined) expect(content === whole[name], name).toBe(true)
    }
    const rows = (outcome: Readonly<Record<string, string>>) =>
      Object.keys(outcome).filter((name) => name.startsWith("eval/"))
    expect(rows(resumed)).toEqual(rows(whole))
    expect(summaryOf(other).airl).toEqual(summaryOf(path).airl)
  })

  it("error: another seed does not go on with a run, and a run is not overwritten unasked", async () => {
    const path = folder()
    await stoppedAfter(path, 2, false)
    const run = (rest: object) =>
      printed(reasoning(optionsOf(path, rest), tinyPlan)).then(
        () => "done",
        (error: Error) => error.message
      )
    expect(await run({})).toContain("--resume")
    expect(await run({ resume: true, seed: 4 })).toContain("seed: was 3, now 4")
  })
})

describe("mmluPro", () => {
  it("learns from the strongest model's right traces and reranks the others, baselines beside it", async () => {
    const path = folder()
    const plan = {
      ...quickMmluProPlan,
      testQuestions: 10,
      settings: {
        ...quickMmluProPlan.settings,
        model: { width: 16, layers: 1, heads: 2, feedForward: 24 },
        steps: 4,
        lookEvery: 2
      }
    }
    const data = mmluProFolder()
    const out = await printed(mmluPro(optionsOf(path, { task: "mmlu-pro", data }), plan))
    for (const name of ["length", "surface", "author", "oracle"]) expect(out).toContain(name)
    const { reward, shown } = summaryOf(path)
    expect(Object.keys(reward)).toEqual(["sparse", "stepwise"])
    const [table] = shown.tables
    expect(table!.rows.map(([label]) => label)).toEqual([
      "sparse reward",
      "step-wise reward",
      "length",
      "longest",
      "surface",
      "author"
    ])
    const rows = readFileSync(join(path, "eval/sparse.jsonl"), "utf8").trim().split("\n")
    expect(rows.length).toBe(20)
    expect(rows.every((row) => JSON.parse(row).source !== "strong")).toBe(true)
  })
})

describe("gsm8k", () => {
  it("learns SFT and a reward on human solutions and measures experts against policy and perturbed ones", async () => {
    const path = folder()
    const model = { width: 16, layers: 1, heads: 2, feedForward: 24 }
    const plan = {
      ...quickGsm8kPlan,
      trainProblems: 20,
      validationProblems: 6,
      testProblems: 6,
      rollouts: 8,
      recipe: {
        ...quickGsm8kPlan.recipe,
        model,
        sft: { ...quickGsm8kPlan.recipe.sft, steps: 4, batchSize: 4, validateEvery: 2 }
      },
      reward: { ...quickGsm8kPlan.reward, model, steps: 4, lookEvery: 2 }
    }
    await printed(gsm8k(optionsOf(path, { task: "gsm8k", data: gsm8kFolder() }), plan))
    const { sft, reward, shown } = summaryOf(path)
    expect(sft?.passAt1.value).toBeTypeOf("number")
    expect(Object.keys(reward)).toEqual(["sparse", "stepwise"])
    expect(shown.tables[0]!.rows.length).toBe(4)
    for (const row of shown.tables[0]!.rows) expect(row.slice(1)).toEqual(row.slice(1).map(() => expect.anything()))
  })
})
