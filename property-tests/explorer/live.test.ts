import { spawn } from "node:child_process"
import { once } from "node:events"
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type LiveRun, liveParts, watchRun } from "../../src/experiments/report/index.ts"

const root = join(import.meta.dirname, "../..")
const line = (value: object): string => `${JSON.stringify(value)}\n`

describe("a run, live", () => {
  const folder = mkdtempSync(join(tmpdir(), "live-"))
  const server = spawn(process.execPath, [join(root, "src/cli.ts"), "report", folder, "--watch"])
  let address = ""

  beforeAll(async () => {
    writeFileSync(join(folder, "config.yaml"), "rewardflow: 1\n")
    writeFileSync(join(folder, "events.jsonl"), line({ _tag: "StageStarted", stage: "sft", step: 0, steps: 4 }))
    writeFileSync(join(folder, "metrics.jsonl"), line({ stage: "sft", step: 1, seconds: 2, loss: 0.75 }))
    let printed = ""
    for await (const chunk of server.stdout) {
      printed += String(chunk)
      address = /http:\/\/127\.0\.0\.1:\d+\//.exec(printed)?.[0] ?? ""
      if (address !== "") break
    }
  })
  afterAll(() => {
    server.kill("SIGKILL")
    rmSync(folder, { recursive: true, force: true })
  })

  it("claim: the page holds what the run has told so far", async () => {
    const page = await (await fetch(address)).text()
    expect(page).toContain("Running")
    expect(page).toContain("loss 0.750")
  })

  it("claim: a step that is written reaches the page, and a line half written does not break it", async () => {
    const stop = new AbortController()
    const { body } = await fetch(`${address}events`, { signal: stop.signal })
    let told = ""
    const decoder = new TextDecoder()
    appendFileSync(
      join(folder, "metrics.jsonl"),
      `${line({ stage: "sft", step: 2, seconds: 2, loss: 0.25 })}{"stage":"sf`
    )
    for await (const chunk of body!) {
      told += decoder.decode(chunk, { stream: true })
      if (told.includes("loss 0.250")) break
    }
    stop.abort()
    expect(told).toMatch(/^retry: 1000\n\ndata: \{/)
  })

  it("error: a folder that is no run, before anything is served", async () => {
    const none = spawn(process.execPath, [join(root, "src/cli.ts"), "report", tmpdir(), "--watch"])
    let told = ""
    none.stderr.on("data", (chunk) => (told += String(chunk)))
    const [code] = await once(none, "close")
    expect(code).toBe(1)
    expect(told).toContain("no run lies here")
  })

  it("error: a port that another run has is named, with the way out", async () => {
    const port = Number(new URL(address).port)
    const refused = await Effect.runPromise(Effect.flip(Effect.provide(watchRun(folder, port), NodeServices.layer)))
    expect(refused.message).toContain(`Cannot serve on port ${port}`)
    expect(refused.message).toContain("--port")
  })

  it("claim: interrupted, it ends at once with code 130", async () => {
    server.kill("SIGINT")
    const [code] = await once(server, "close")
    expect(code).toBe(130)
  })
})

describe("how a live run is told", () => {
  const run = (ended: string | undefined): LiveRun => ({
    name: "<b>",
    ended,
    stages: [{ stage: "<i>", steps: 10, rows: [{ step: 4, metrics: { loss: 1 } }], seconds: [3, 5] }]
  })

  it("golden: six steps of 4 s are 24 s", () => expect(liveParts(run(undefined))["progress"]).toContain("24 s"))

  it("edge: names are text", () => {
    const parts = Object.values(liveParts(run("<u>"))).join("")
    expect(parts).not.toMatch(/<[biu]>/)
  })
})
