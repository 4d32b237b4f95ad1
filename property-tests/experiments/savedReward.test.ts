import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Result } from "effect"
import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { Granularities } from "../../src/core/reward/index.ts"
import { StepRules } from "../../src/core/text/index.ts"
import type { RewardFlags, ScoreOptions } from "../../src/experiments/commands/index.ts"
import { reasoning } from "../../src/experiments/quickstart/index.ts"
import { asked, Descriptions, granularityNamed } from "../../src/experiments/savedReward/index.ts"
import { score } from "../../src/experiments/score.ts"
import { rowsOf } from "../evaluateRun/subject.ts"
import { consoleInto, folder, optionsOf, printed, tinyPlan } from "./tiny.ts"

const noFlags: RewardFlags = { granularity: undefined, stepRule: undefined, clip: undefined, rewardMode: undefined }

describe("names of granularities", () => {
  const units = fc.oneof(
    fc.constantFrom(Granularities.sparse, Granularities.dense),
    fc.constantFrom(StepRules.sentences, StepRules.lines).map(Granularities.stepwise),
    fc.integer({ min: 1, max: 500 }).map(Granularities.interval)
  )
  const any = fc.oneof(
    units,
    fc.tuple(units, fc.integer({ min: 1, max: 99 })).map(([of, n]) => Granularities.segments(of, n))
  )
  const trace = fc.array(fc.constantFrom("a", " b", ".", "\n", "1", ";", "\n\n"), { maxLength: 40 })

  it("law: a name means the granularity that has it", () =>
    fc.assert(
      fc.property(any, trace, (granularity, pieces) => {
        const ids = pieces.map((_, t) => t)
        const found = granularityNamed(granularity.name)
        expect(found?.partition({ ids, pieces })).toEqual(granularity.partition({ ids, pieces }))
      }),
      { seed: 42, numRuns: 200 }
    ))

  it("error: somebody's own granularity has no name here", () => {
    for (const name of ["mine", "interval(0)", "stepwise(words)", "segments(mine, 3)", ""])
      expect(granularityNamed(name)).toBeUndefined()
  })
})

describe("what is asked of a saved reward", () => {
  const saved = { ...Descriptions.plain, granularity: "stepwise(lines)", clamp: [-5, 5] as const }
  const of = (flags: Partial<RewardFlags>, isSegment = false, from = saved) =>
    Result.getOrThrow(asked(from, isSegment, { ...noFlags, ...flags }))

  it("golden: without flags it is read as it was saved, and nothing is said", () =>
    expect(of({})).toEqual({ description: saved, notes: [] }))

  it("golden: a flag that says the same says nothing, one that departs is honoured and told", () => {
    expect(of({ granularity: { _tag: "stepwise" } })).toEqual({ description: saved, notes: [] })
    const { description, notes } = of({ granularity: { _tag: "interval", tokens: 4 }, clip: "none" })
    expect(description).toMatchObject({ granularity: "interval(4)", clamp: null })
    expect(notes).toEqual([
      "granularity: this reward was saved with stepwise(lines), and is read with interval(4), as it was asked for.",
      "clamp: this reward was saved with [-5,5], and is read with null, as it was asked for."
    ])
    expect(of({ stepRule: "sentences" }).description.granularity).toBe("stepwise(sentences)")
  })

  it("golden: the units of a segment critic stay segments of its length", () => {
    const critic = { ...saved, granularity: "segments(stepwise(lines), 7)", segment: Descriptions.plainSegments }
    expect(of({ granularity: { _tag: "dense" }, rewardMode: "mean_g" }, true, critic).description).toMatchObject({
      granularity: "segments(dense, 7)",
      segment: { reward: "mean_g" }
    })
  })

  it("edge: where nothing was saved, that is said", () => {
    const { notes } = Result.getOrThrow(asked(undefined, false, noFlags))
    expect(notes[0]).toContain("No reward.json")
  })

  it("error: a flag without a meaning for this reward", () => {
    const refused = (flags: Partial<RewardFlags>, from: typeof saved) =>
      Result.getOrThrow(Result.flip(asked(from, false, { ...noFlags, ...flags }))).message
    expect(refused({ stepRule: "lines" }, { ...saved, granularity: "dense" })).toContain(
      "--step-rule does nothing here"
    )
    expect(refused({ rewardMode: "mean_g" }, saved)).toContain("--reward-mode does nothing here")
  })
})

describe("rewards of a quickstart", () => {
  const run = folder()
  beforeAll(async () => {
    const variants = () => [
      { key: "lines", label: "lines", granularity: Granularities.stepwise(StepRules.lines) },
      { key: "dense", label: "dense", granularity: Granularities.dense }
    ]
    await printed(reasoning(optionsOf(run), { ...tinyPlan, variants, withGrpo: false }))
  }, 60_000)

  const scored = async (model: string, rest: Partial<ScoreOptions> = {}) => {
    const output = join(folder(), "scored.jsonl")
    const options: ScoreOptions = {
      ...{ ...noFlags, file: join(run, "eval/sft.jsonl"), mode: "reward", model, output, label: undefined },
      ...{ logitChunk: undefined, backend: "onnx-cpu", threads: 1, overwrite: false, json: true, ...rest }
    }
    const out: Array<string> = []
    const result = await score(options).pipe(
      Effect.provideService(Console.Console, consoleInto(out)),
      Effect.provide(NodeServices.layer),
      Effect.result,
      Effect.runPromise
    )
    return Result.map(result, () => ({ rows: rowsOf(output), summary: JSON.parse(out.join("\n")) }))
  }
  const refusal = async (model: string) => Result.getOrThrow(Result.flip(await scored(model))).message

  it.each([
    "lines",
    "dense"
  ])("law: score gives the rows that the run itself wrote, without a flag: %s", async (key) => {
    // SFT's samples are scored by the critic of the warm-up.
    const { rows, summary } = Result.getOrThrow(await scored(join(run, `airl-${key}/reward_model_warmup`)))
    const own = rowsOf(join(run, `eval/sft-by-${key}.jsonl`))
    expect(rows.length).toBe(own.length)
    expect(summary.notes).toEqual([])
    for (const [i, row] of rows.entries()) {
      expect(row["reward_unit_ends"]).toEqual(own[i]!["reward_unit_ends"])
      expect(row["reward_model_weights"]).toBe(own[i]!["reward_model_weights"])
      const [a, b] = [row, own[i]!].map((one) => one["reward_model_score"] as ReadonlyArray<number>)
      expect(a!.length).toBe(b!.length)
      for (const [t, x] of a!.entries()) expect(x).toBeCloseTo(b![t]!, 4)
    }
  })

  it("golden: rows say which weights drew them and which scored them", async () => {
    const [row] = Result.getOrThrow(await scored(join(run, "airl-lines"))).rows
    const weights = (at: string) => JSON.parse(readFileSync(join(run, at, "reward.json"), "utf8")).weights
    expect(row).toMatchObject({
      checkpoint_id: "sft",
      reward_model_weights: weights("airl-lines/best_model/reward_model")
    })
    expect(weights("airl-lines/best_model/reward_model")).not.toBe(weights("airl-lines/reward_model_warmup"))
  })

  it("error: a run of several rewards names them; weights of another reward, and a spoilt file, are refused", async () => {
    expect(await refusal(run)).toContain(`Name the one that is meant: ${run}/airl-dense, ${run}/airl-lines`)
    const mixed = folder()
    const from = join(run, "airl-lines/reward_model_warmup")
    for (const name of readdirSync(from)) copyFileSync(join(from, name), join(mixed, name))
    copyFileSync(join(run, "airl-dense/reward_model_warmup/model.safetensors"), join(mixed, "model.safetensors"))
    expect(await refusal(mixed)).toMatch(
      /reward\.json: it was written for weights \w{12}, and beside it lie weights \w{12}/
    )
    writeFileSync(join(mixed, "reward.json"), '{"version": 1}')
    expect(await refusal(mixed)).toContain("reward.json")
    rmSync(join(mixed, "reward.json"))
    const { summary } = Result.getOrThrow(await scored(mixed))
    expect(summary.notes).toEqual([
      "No reward.json lies beside its weights, so nothing says how this reward was learned; flags can."
    ])
    mkdirSync(join(mixed, "empty"))
    expect(await refusal(join(mixed, "empty"))).toContain("there is no config.json")
  })
})
