import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { Reference } from "../../src/backends/reference/index.ts"
import type { Step } from "../../src/core/program/index.ts"
import {
  Backend,
  BackendFailure,
  type CompileOptions,
  type DeviceTrouble,
  type Feeds,
  type RunOptions
} from "../../src/core/service/index.ts"
import { Tensors } from "../../src/core/tensor/index.ts"
import { type Entry, entries } from "../../src/experiments/backends/index.ts"
import { examine, examineApart, matrix, type Report } from "../../src/experiments/conformance/index.ts"
import { conformance } from "../../src/experiments/conformance.ts"
import { callCommand } from "../run/callCommand.ts"
import { inFolder } from "../run/runs.ts"

const [reference] = entries as [Entry]

const failing = (trouble?: DeviceTrouble): Entry => ({
  ...reference,
  name: "mine",
  load: async () =>
    Layer.unwrap(
      Effect.fail(
        new BackendFailure({
          backend: "mine",
          during: "start",
          reason: "no adapter was found.",
          ...(trouble === undefined ? {} : { trouble })
        })
      )
    )
})

/** The reference, but what it returns is half as much. */
const halved = Layer.effect(
  Backend,
  Effect.map(Backend, (sound) => ({
    ...sound,
    compile: (step: Step, options?: CompileOptions) =>
      Effect.map(sound.compile(step, options), ({ run }) => ({
        run: (feeds: Feeds, at?: RunOptions) =>
          Effect.map(run(feeds, at), (results) =>
            Object.fromEntries(
              Object.entries(results).map(([name, { shape, data }]) => [
                name,
                Tensors.f64(
                  Float64Array.from(data, (x) => x / 2),
                  shape
                )
              ])
            )
          )
      }))
  }))
)

const one = (entry: Entry, filter: string) => Effect.runPromise(examine(entry, { filter }))

describe("examine", () => {
  it("golden: the laws of an area, all kept", async () => {
    const report = await one(reference, "optimisers")
    expect(report).toMatchObject({
      backend: "reference",
      absent: null,
      areas: [{ area: "optimisers", kept: 4, deviating: 0, broken: 0 }],
      broken: [],
      deviations: []
    })
  })

  it("a device or a package that is not here is told, and nothing is broken", async () => {
    for (const trouble of [
      { _tag: "NoDevice", lookedFor: ["Vulkan"] },
      { _tag: "NotInstalled", missing: ["webgpu"] }
    ] satisfies ReadonlyArray<DeviceTrouble>) {
      const report = await one(failing(trouble), "memory")
      expect(report).toMatchObject({ absent: "mine failed to start: no adapter was found.", broken: [], areas: [] })
    }
  })

  it("error: a backend that does not start for any other reason is broken", async () => {
    const report = await one(failing(), "memory")
    expect(report.absent).toBeNull()
    expect(report.broken).toMatchObject([{ law: "a backend starts", found: expect.stringContaining("no adapter") }])
  })

  it("error: a law that is broken is told with what was found; a deviation is not tried", async () => {
    const single = { ...reference, name: "wrong", load: async () => Layer.provide(halved, Reference.layer) }
    const law = "program: an input is an output"
    expect((await one(single, law)).broken).toMatchObject([
      { area: "programs", law, found: expect.stringContaining("output y [0] is 0.5, not 1.") }
    ])
    const known = await one({ ...single, deviations: { [law]: "it halves what it returns" } }, law)
    expect(known).toMatchObject({ broken: [], areas: [{ kept: 0, deviating: 1, broken: 0 }] })
  })
})

describe("examineApart", () => {
  const apart = (script: string, tell?: (line: string) => Effect.Effect<void>) =>
    inFolder((folder) => {
      const path = join(folder, "cli.mjs")
      writeFileSync(path, script)
      return Effect.runPromise(
        examineApart(reference, { filter: "memory", ...(tell === undefined ? {} : { tell }) }, path).pipe(
          Effect.provide(NodeServices.layer)
        )
      )
    })

  it("golden: asks the command line for one backend and takes its report", async () => {
    const report: Report = { backend: "reference", absent: null, areas: [], broken: [], deviations: [], seconds: 1 }
    const script = `if (process.argv.slice(2).join(" ") === "conformance --backend reference --filter memory --json")
      console.log(JSON.stringify(${JSON.stringify([report])}))
    console.error("an engine's warning\\nreference: memory, 18 laws")`
    const told: Array<string> = []
    expect(await apart(script, (line) => Effect.sync(() => void told.push(line)))).toEqual(report)
    expect(told).toEqual(["reference: memory, 18 laws"])
  })

  it("error: a process that dies is told with its last words, whatever it was that it died of", async () => {
    const [exit] = (await apart(`console.error("out of luck"); process.exit(7)`)).broken
    expect(exit!.found).toBe("its process ended with code 7: out of luck")
    const [killed] = (await apart(`process.kill(process.pid, "SIGABRT"); setTimeout(() => {}, 1e4)`)).broken
    expect(killed!.found).toContain("its process ended by a signal")
  })
})

describe("matrix", () => {
  it("golden: rows are areas, columns backends; what is not kept, known and absent is below", () => {
    const first: Report = {
      backend: "first",
      absent: null,
      areas: [
        { area: "operations", kept: 7, deviating: 1, broken: 0 },
        { area: "memory", kept: 3, deviating: 0, broken: 2 }
      ],
      broken: [{ area: "memory", law: "a", found: "it found 1, not 2" }],
      deviations: [{ law: "b", reason: "its engine counts from 1" }],
      seconds: 2.04
    }
    const second: Report = { ...first, backend: "second", areas: [first.areas[0]!], broken: [], deviations: [] }
    const third: Report = { ...second, backend: "third", absent: "third failed to start: no adapter." }
    expect(matrix([first, second, third])).toBe(
      [
        "laws kept   first        second",
        "──────────  ───────────  ──────────",
        "operations  7, 1 known   7, 1 known",
        "memory      3, 2 BROKEN  -",
        "seconds     2.0          2.0",
        "",
        "Broken:",
        "- first: a: it found 1, not 2",
        "",
        "Known not to be kept:",
        "- first: b: its engine counts from 1",
        "",
        "Not on this machine:",
        "- third failed to start: no adapter."
      ].join("\n")
    )
  })
})

describe("rewardflow conformance", () => {
  it("golden: one backend, as JSON on standard output, with exit code 0", async () => {
    const options = { backends: ["reference"], filter: "errors", json: true }
    const { out, code } = await callCommand(() => conformance(options))
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject([{ backend: "reference", areas: [{ area: "errors", broken: 0 }] }])
  })
})
