import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { Effect } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import type { ReportOptions } from "../../src/experiments/commands/index.ts"
import { report } from "../../src/experiments/report.ts"
import { rollout } from "../explorer/rollouts.ts"

const folder = mkdtempSync(join(tmpdir(), "report-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const row = rollout({ prompt_id: "p", generation_idx: 0, words: ["a ", "b"], rewards: [1, 2], correct: true })
const inside = (name: string, content: string): string => {
  const path = join(folder, name)
  mkdirSync(join(path, ".."), { recursive: true })
  writeFileSync(path, content)
  return path
}

const run = (options: Partial<ReportOptions> & Pick<ReportOptions, "places">) =>
  report({ output: undefined, selector: "mean", title: undefined, watch: false, port: 0, ...options }).pipe(
    Effect.provide(NodeServices.layer)
  )
const refusal = async (options: Parameters<typeof run>[0]): Promise<string> =>
  (await Effect.runPromise(Effect.flip(run(options)))).message

describe("rewardflow report", () => {
  it("claim: a run's folder becomes a page in it, journals and data beside its rollouts left out", async () => {
    inside("run/eval/sft.jsonl", `${JSON.stringify(row)}\n`)
    inside("run/metrics.jsonl", "{}\n")
    await Effect.runPromise(run({ places: [join(folder, "run")] }))
    const page = readFileSync(join(folder, "run/explorer.html"), "utf8")
    expect(page).toContain("<h1>Rollouts of run</h1>")
    expect(page).toContain("1 rollout · 1 file<")
    expect(page).toContain("eval/sft.jsonl")
  })

  it("error: nothing there, nothing in it, no rollout among it: each is named", async () => {
    mkdirSync(join(folder, "empty"))
    const places = [join(folder, "none"), join(folder, "empty"), inside("no.jsonl", "")]
    const told = await Promise.all(places.map((place) => refusal({ places: [place] })))
    for (const [i, words] of ["no such file", "no file of results", "no row is a rollout"].entries()) {
      expect(told[i]).toContain(places[i])
      expect(told[i]).toContain(words)
    }
  })

  it("error: a selector that there is not, with those that there are; more than one run to watch", async () => {
    expect(await refusal({ places: [folder], selector: "best" })).toMatch(/--selector best: unknown.*mean.*sum/)
    expect(await refusal({ places: ["a", "b"], watch: true })).toContain("--watch follows one run")
  })
})
