import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import { configure, readLibrary } from "../../src/experiments/configure/index.ts"
import { evaluate } from "../../src/experiments/evaluate.ts"
import { plotMain } from "../../src/experiments/plot.ts"
import { probe } from "../../src/experiments/probe.ts"
import { gsm8k, mmluPro, quickGsm8kPlan, quickMmluProPlan } from "../../src/experiments/quickstart/index.ts"
import { report } from "../../src/experiments/report.ts"
import { score } from "../../src/experiments/score.ts"
import { rowsOf } from "../evaluateRun/subject.ts"
import { consoleInto, filesOf, folder, gsm8kFolder, mmluProFolder, optionsOf, printed } from "./tiny.ts"

const noFlags = { granularity: undefined, stepRule: undefined, clip: undefined, rewardMode: undefined }
const machine = { backend: "onnx-cpu", threads: 1, overwrite: false, harness: false, json: true } as const

/** Runs a command as it is documented; what it printed. */
const called = async <E>(command: Effect.Effect<void, E, NodeServices.NodeServices>): Promise<string> => {
  const out: Array<string> = []
  await Effect.runPromise(
    command.pipe(Effect.provideService(Console.Console, consoleInto(out)), Effect.provide(NodeServices.layer))
  )
  return out.join("\n")
}

/** `evaluate --config-path RUN/STAGE --config-name evaluate` */
const evaluated = async (stage: string) => {
  const library = await Effect.runPromise(readLibrary(stage, "configs").pipe(Effect.provide(NodeServices.layer)))
  const request = { library, name: "evaluate", overrides: [], multirun: false, env: {}, command: "evaluate" } as const
  const [job] = Result.getOrThrow(configure(request))
  return JSON.parse(await called(evaluate({ ...machine, ...job!.decoded })))
}

/** `plot main --config RUN/figures.yaml`, `report RUN` */
const shown = async (run: string) => {
  const templates = { airl: "", sft: "", grpo: "" }
  await called(
    plotMain({
      ...{ config: join(run, "figures.yaml"), ckpt: undefined, outputRoot: undefined, domains: [], numGenerations: 16 },
      ...{ selectorMode: "auto", allowMissing: false, json: false, models: [], variants: [], guidedMethod: "none" },
      ...{ runTemplates: templates, fileTemplates: { airl: undefined, sft: undefined, grpo: undefined } },
      ...{ rerankingGenerations: [2], tokenFigures: false, workers: 1, debug: true }
    })
  )
  const printedReport = await called(
    report({ places: [run], output: undefined, selector: "mean", title: undefined, watch: false, port: 0 })
  )
  expect(existsSync(join(run, "explorer.html"))).toBe(true)
  return { figures: Object.keys(filesOf(join(run, "plots"))), report: printedReport }
}

const model = { width: 16, layers: 1, heads: 2, feedForward: 24 }

describe("the chain on real completions", () => {
  it("golden: MMLU-Pro: every command after the quickstart knows what the run knows", async () => {
    const run = folder()
    // Shorter than the completions, which the rewards read the beginning of.
    const plan = { ...quickMmluProPlan, completionTokens: 12, testQuestions: 10 }
    const settings = { ...plan.settings, model, steps: 2, lookEvery: 2 }
    await printed(mmluPro(optionsOf(run, { task: "mmlu-pro", data: mmluProFolder() }), { ...plan, settings }))
    const stage = join(run, "reward-sparse")
    const summary = await evaluated(stage)
    expect(summary).toMatchObject({
      ...{ dataset: "mmlu", notes: [], left_out: { foreign: 0, unread: 0, long_prompts: 0, absent: 2, cut: 20 } },
      reward: { granularity: "sparse", window: { completion: 12 } },
      metrics: { rows: 20, prompts: 10, completions: 2, problems: [] }
    })
    await evaluated(join(run, "reward-stepwise"))

    // The same rewards by `score`, and those that the quickstart wrote itself.
    const output = join(run, "scored.jsonl")
    const asked = {
      file: join(run, "eval/candidates.jsonl"),
      model: stage,
      output,
      label: undefined,
      logitChunk: undefined
    }
    const { notes, left_out } = JSON.parse(await called(score({ ...machine, ...noFlags, ...asked, mode: "reward" })))
    expect({ notes, left_out }).toMatchObject({ notes: [], left_out: { cut: 20, other_tokens: 0 } })
    const files = [output, join(stage, "eval_results_mmlu.jsonl"), join(run, "eval/sparse.jsonl")].map(rowsOf)
    for (const [i, scored] of files[0]!.entries()) {
      const values = files.map((rows) => rows[i]!["reward_model_score"] as ReadonlyArray<number | null>)
      const [T] = (scored["reward_unit_ends"] as ReadonlyArray<number>).slice(-1)
      expect(T).toBe(11)
      for (const other of values) expect(other[T!]).toBeCloseTo(values[2]![T!]!, 3)
      expect(values[0]!.slice(12).every((x) => x === null)).toBe(true)
    }

    const { figures, report: told } = await shown(run)
    for (const key of ["reward-sparse", "reward-stepwise"])
      expect(figures.some((name) => name.includes(`mmlu/standard/${key}/`))).toBe(true)
    expect(told).toContain("rollouts")
    const probed = { file: join(run, "eval/candidates.jsonl"), model: stage, output: join(run, "probe.json") }
    await called(probe({ ...machine, ...noFlags, ...probed, selector: "mean", traces: 5, seed: 1 }))
    expect(JSON.parse(readFileSync(join(run, "probe.json"), "utf8")).reward.granularity).toBe("sparse")
  }, 120_000)

  it("golden: GSM8K: the quickstart's policy draws what it drew there, and its rewards judge it", async () => {
    const run = folder()
    const plan = {
      ...{ ...quickGsm8kPlan, trainProblems: 20, validationProblems: 6, testProblems: 4, rollouts: 4 },
      recipe: { ...quickGsm8kPlan.recipe, model, sft: { ...quickGsm8kPlan.recipe.sft, steps: 2, validateEvery: 2 } },
      reward: { ...quickGsm8kPlan.reward, model, steps: 2, lookEvery: 2 }
    }
    await printed(gsm8k(optionsOf(run, { task: "gsm8k", data: gsm8kFolder() }), plan))
    const stage = join(run, "reward-stepwise")
    const summary = await evaluated(stage)
    expect(summary).toMatchObject({ notes: [], reward: { granularity: "stepwise(sentences)" }, metrics: { rows: 8 } })
    const tokens = (file: string) => rowsOf(join(run, file)).map((row) => [row["prompt_id"], row["token_ids"]])
    expect(tokens("reward-stepwise/eval_results_gsm8k.jsonl")).toEqual(tokens("eval/sft.jsonl"))
    const [row] = rowsOf(join(stage, "eval_results_gsm8k.jsonl"))
    expect(row!["checkpoint_weights"]).toBe(rowsOf(join(run, "eval/sft.jsonl"))[0]!["checkpoint_weights"])
  }, 120_000)
})
