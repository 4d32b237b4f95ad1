import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Result } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import { arithmetic } from "../../src/core/task/index.ts"
import type { ProbeOptions } from "../../src/experiments/commands/index.ts"
import { probe } from "../../src/experiments/probe.ts"
import { consoleInto, folder } from "../experiments/tiny.ts"
import { asked, trained } from "../experiments/trainSubject.ts"

const run = folder()
const file = join(run, "demonstrations.jsonl")
beforeAll(async () => {
  Result.getOrThrow(await trained(await asked("airl", run)))
  const { demonstrations } = arithmetic({ seed: 7, train: 30 }).splits.train
  const rows = demonstrations.flatMap(({ problem, completion }) =>
    [0, 1].map((generation_idx) => ({
      prompt: [{ role: "user", content: String(problem.prompt) }],
      rendered_prompt: problem.prompt,
      prompt_id: problem.id,
      generation: { content: completion },
      generation_idx,
      correctness_reward_func: 2,
      schema_version: 1
    }))
  )
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""))
}, 60_000)

const probed = async (rest: Partial<ProbeOptions> = {}) => {
  const out: Array<string> = []
  const options: ProbeOptions = {
    ...{
      file,
      model: run,
      output: join(run, "probe.json"),
      granularity: undefined,
      stepRule: undefined,
      clip: undefined,
      rewardMode: undefined
    },
    ...{ selector: "mean", traces: 200, seed: 42, backend: "onnx-cpu", threads: 1, json: false },
    ...rest
  }
  const result = await probe(options).pipe(
    Effect.provideService(Console.Console, consoleInto(out)),
    Effect.provide(NodeServices.layer),
    Effect.result,
    Effect.runPromise
  )
  return Result.map(result, () => out.join("\n"))
}

describe("rewardflow probe", () => {
  it("golden: a run's reward model is held to every change, one trace a prompt, with intervals", async () => {
    const text = Result.getOrThrow(await probed())
    expect(text).toMatch(/^30 right completions, scored by verifier stepwise\(lines\), mean\n/)
    const result = JSON.parse(readFileSync(join(run, "probe.json"), "utf8"))
    expect(result.changes.map(({ change }: { readonly change: string }) => change)).toEqual([
      ...["delete a step", "shuffle the steps", "duplicate a step", "change a number", "append filler", "reformat"]
    ])
    expect(result.unstable).toBe(0)
    const [, , , number, filler] = result.changes
    expect(number.n).toBeGreaterThan(25)
    expect(number.kept.ci95).toHaveLength(2)
    // The vocabulary of arithmetic has no word of the filler: it is counted apart.
    expect(filler).toMatchObject({ n: 0, unchanged: 30 })
  }, 30_000)

  it("error: a file without a right completion", async () => {
    const wrong = join(run, "wrong.jsonl")
    writeFileSync(
      wrong,
      readFileSync(file, "utf8").replaceAll('"correctness_reward_func":2', '"correctness_reward_func":0')
    )
    const refused = await probed({ file: wrong })
    expect(Result.getOrThrow(Result.flip(refused)).message).toContain("no completion with a right answer")
  }, 30_000)
})
