import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import { ModelConfigs, parameterSpecs, Safetensors } from "../../src/core/model/index.ts"
import { arithmetic } from "../../src/core/task/index.ts"
import { fromFolder } from "../../src/core/text/index.ts"
import type { TrainRewardOptions } from "../../src/experiments/commands/index.ts"
import { score } from "../../src/experiments/score.ts"
import { trainReward } from "../../src/experiments/trainReward.ts"
import { consoleInto, folder } from "./tiny.ts"

const { demonstrations } = arithmetic({ seed: 1, train: 30, validation: 1, test: 1 }).splits.train
const lines = (rows: ReadonlyArray<unknown>): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("")

const write = (path: string, name: string, text: string): string => {
  const file = join(path, name)
  writeFileSync(file, text)
  return file
}

const wrong = demonstrations.map(({ problem, completion }) => ({ problem, completion: completion.replace(/\d/g, "7") }))

const run = (options: Partial<TrainRewardOptions>): Promise<Result.Result<void, Error>> =>
  trainReward({
    demonstrations: [],
    rollouts: [],
    tokenizer: undefined,
    granularity: { _tag: "stepwise" },
    stepRule: "sentences",
    steps: 4,
    batchSize: 8,
    learningRate: undefined,
    output: "",
    seed: 0,
    backend: "onnx-cpu",
    threads: 1,
    resume: false,
    overwrite: false,
    json: true,
    ...options
  }).pipe(
    Effect.provideService(Console.Console, consoleInto([])),
    Effect.provide(NodeServices.layer),
    Effect.result,
    Effect.runPromise
  )

describe("trainReward", () => {
  it("learns from files alone and writes a model folder that can be read back", async () => {
    const path = folder()
    const output = join(path, "run")
    const experts = write(path, "experts.jsonl", lines(demonstrations))
    // An empty completion is no error: it has no unit.
    const rollouts = write(path, "rollouts.jsonl", lines([...wrong, { ...wrong[0]!, completion: "" }]))
    expect(Result.isSuccess(await run({ demonstrations: [experts], rollouts: [rollouts], output }))).toBe(true)
    const summary = JSON.parse(readFileSync(join(output, "summary.json"), "utf8"))
    expect(summary).toMatchObject({ demonstrations: 27, heldOut: 3, rollouts: 31, granularity: "stepwise(sentences)" })
    expect(summary.metrics["held_out/auroc_policy"]).toBeTypeOf("number")
    const model = join(output, "best_model/reward_model")
    const config = Result.getOrThrow(
      ModelConfigs.fromJson(JSON.parse(readFileSync(join(model, "config.json"), "utf8")))
    )
    const { tensors } = Result.getOrThrow(Safetensors.decode(readFileSync(join(model, "model.safetensors"))))
    for (const [name, { shape }] of Object.entries(parameterSpecs(config, "reward")))
      expect(tensors[name]?.shape, name).toEqual(shape)
    const tokenizer = await Effect.runPromise(fromFolder(model).pipe(Effect.provide(NodeServices.layer)))
    const text = demonstrations[0]!.completion
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text)
  })

  it("law: score reads what it wrote, by lines as it was learned, without a flag", async () => {
    const path = folder()
    const output = join(path, "run")
    const experts = write(path, "experts.jsonl", lines(demonstrations))
    Result.getOrThrow(await run({ demonstrations: [experts], output, stepRule: "lines" }))
    const rows = demonstrations.map(({ problem, completion }) => ({
      prompt: [{ role: "user", content: String(problem.prompt) }],
      ...{ generation: { content: completion }, generation_idx: 0, correctness_reward_func: 2, prompt_id: problem.id }
    }))
    const out: Array<string> = []
    const scored = await score({
      ...{
        file: write(path, "rows.jsonl", lines(rows)),
        mode: "reward",
        model: output,
        output: join(path, "out.jsonl")
      },
      ...{ granularity: undefined, stepRule: undefined, clip: undefined, rewardMode: undefined, label: undefined },
      ...{ logitChunk: undefined, backend: "onnx-cpu", threads: 1, overwrite: false, json: true }
    }).pipe(
      Effect.provideService(Console.Console, consoleInto(out)),
      Effect.provide(NodeServices.layer),
      Effect.result,
      Effect.runPromise
    )
    Result.getOrThrow(scored)
    expect(JSON.parse(out.join("\n"))).toMatchObject({
      ...{ rows: 30, scored: 30, notes: [], reward: { granularity: "stepwise(lines)", clamp: null } }
    })
  })

  it("goes on with its run, and refuses to when an input file has changed", async () => {
    const path = folder()
    const output = join(path, "run")
    const experts = write(path, "experts.jsonl", lines(demonstrations))
    const options = { demonstrations: [experts], output }
    expect(Result.isSuccess(await run(options))).toBe(true)
    const before = readFileSync(join(output, "summary.json"), "utf8")
    expect(Result.isSuccess(await run({ ...options, resume: true }))).toBe(true)
    expect(readFileSync(join(output, "summary.json"), "utf8")).toBe(before)
    write(path, "experts.jsonl", lines(demonstrations.slice(1)))
    const changed = await run({ ...options, resume: true })
    expect(Result.isFailure(changed) && changed.failure.message).toContain("hashes")
  })

  it("error: a malformed row is named by file, line and field, in every format of rollouts", async () => {
    const path = folder()
    const experts = write(path, "experts.jsonl", lines(demonstrations))
    const message = async (rollouts: string) => {
      const file = write(path, "bad.jsonl", rollouts)
      const result = await run({ demonstrations: [experts], rollouts: [file], output: join(path, "run") })
      return Result.isFailure(result) ? result.failure.message : "success"
    }
    const good = lines(wrong.slice(0, 2))
    expect(await message(`${good}{"problem": {"id": "x"}, "completion": "y"}\n`)).toMatch(
      /bad\.jsonl:3, field "problem\.prompt"/
    )
    expect(await message(`${good}{"generation": {}, "prompt": []}\n`)).toMatch(/bad\.jsonl:3, field "generation/)
    expect(await message(`{"completionIds": [1], "promptId": "p"}\n`)).toMatch(/bad\.jsonl:1, field/)
    expect(await message(`${good}{"problem": \n`)).toMatch(/bad\.jsonl:3: the line is not JSON/)
    const result = await run({
      demonstrations: [write(path, "e.jsonl", lines([{ ...demonstrations[0]!, completion: "" }]))],
      output: join(path, "run")
    })
    expect(Result.isFailure(result) && result.failure.message).toMatch(/e\.jsonl:1, field "completion"/)
  })

  it("error: files without a usable demonstration say so", async () => {
    const path = folder()
    const experts = write(path, "experts.jsonl", "")
    const result = await run({ demonstrations: [experts], output: join(path, "run") })
    expect(Result.isFailure(result) && result.failure).toMatchObject({ _tag: "NoTraces" })
  })
})
