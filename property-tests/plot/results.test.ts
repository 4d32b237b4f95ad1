import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, type FileSystem } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { ResultRow } from "../../src/core/data/index.ts"
import { Measurements, meanVariation } from "../../src/core/evaluation/index.ts"
import { PromptPools } from "../../src/core/result/index.ts"
import {
  acrossRuns,
  findResults,
  mainDrawings,
  mainTables,
  picksOf,
  RunResults,
  type RunSummary,
  tokenFigures,
  usualKs
} from "../../src/experiments/plot/index.ts"

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "plot-"))
})
afterAll(() => rmSync(folder, { recursive: true }))

const run = <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem>) =>
  Effect.runPromise(Effect.provide(effect, NodeServices.layer))

describe("a run without rewards", () => {
  it("defect 9: nothing stands in for them: no figure of rewards, and tables say that there is no score", () => {
    const pools = PromptPools.ofRows(
      [0, 1].flatMap((p) =>
        [0, 1].map((i) => ({
          prompt: [{ role: "user" as const, content: `q${p}` }],
          generation: { content: "" },
          generation_idx: i,
          prompt_id: `p${p}`,
          correctness_reward_func: 2 * i
        }))
      )
    )
    const provenance = {
      file: "",
      sha256: "",
      rows: 4,
      prompts: 2,
      generations: 2,
      checkpoints: [],
      rewards: [],
      problems: []
    }
    const flat = meanVariation([])
    const results = RunResults.make({
      ...{ label: "l", selector: "mean", ks: usualKs, ns: [2] },
      methods: { airl: { file: "", pools, meanReward: undefined, provenance, variation: { all: flat, think: flat } } }
    })
    expect(mainDrawings(results).map(({ id }) => id)).toEqual(["pass_at_k_all", "reranking_compact"])
    const tables = mainTables(results)
    const cells = tables.find(({ id }) => id === "pass_at_k_table_reranking_2")!.rows
    expect(cells.find(([name]) => name === "Reasoning reward")![1]).toMatchObject({ _tag: "NotAvailable" })
    expect(cells.find(([name]) => name === "Log-probability")![1]).toMatchObject({ _tag: "NotAvailable" })
    expect(cells.find(([name]) => name === "Random")![1]).toMatchObject({ value: 0.5 })
  })
})

describe("pass@1 of several runs", () => {
  const summary = (label: string, domain: string, sft: string): RunSummary => ({
    ...{ label, domain, answerOnly: false, selector: "mean", provenance: {}, passAt1Adjusted: {} },
    runs: { airl: label, sft },
    passAt1: { airl: Measurements.estimate(0.5, [0.4, 0.6], 9), sft: Measurements.estimate(0.3, [0.2, 0.4], 9) },
    ...{ reranking: [], selectors: [] },
    auroc: Measurements.notAvailable("none"),
    aurocWithinPrompt: Measurements.notAvailable("none"),
    calibrationError: Measurements.notAvailable("none")
  })
  const namesOf = (...runs: ReadonlyArray<RunSummary>) => acrossRuns(runs)[0]!.rows.map(([name]) => name)

  it("golden: a base line that experiments share stands there once, though one of them has fewer data sets", () => {
    expect(namesOf(summary("a", "x", "s1"), summary("a", "y", "s2"), summary("b", "x", "s1"))).toEqual([
      "s1 / s2: SFT",
      "a: Expert reasoning (reward)",
      "b: Expert reasoning (reward)"
    ])
  })

  it("golden: base lines of other names stay apart", () => {
    const runs = [summary("a", "x", "s1"), summary("a", "y", "s1"), summary("b", "x", "s1"), summary("b", "y", "s3")]
    expect(namesOf(...runs).slice(0, 2)).toEqual(["s1: SFT", "s1 / s3: SFT"])
  })
})

describe("findResults", () => {
  const wanted = { run: "r", files: ["a.jsonl", "b.jsonl"], checkpoint: "c" }
  const put = (base: string, path: string) => {
    mkdirSync(join(base, path, ".."), { recursive: true })
    writeFileSync(join(base, path), "")
  }

  it("golden: standard, the root, transferability, ablations, other folders, any folder; packed files too", async () => {
    const base = mkdtempSync(join(tmpdir(), "find-"))
    const order = [
      "deep/er/r/a.jsonl",
      "other/r/a.jsonl",
      "ablations/r/b.jsonl",
      "transferability/r/a.jsonl.gz",
      "r/a.jsonl",
      "standard/r/b.jsonl",
      "standard/r/c/b.jsonl",
      "standard/r/c/a.jsonl"
    ]
    for (const path of order) {
      put(base, path)
      expect(await run(findResults({ ...wanted, root: base }))).toBe(`${base}/${path}`)
    }
    rmSync(base, { recursive: true })
  })
})

describe("token figures", () => {
  const row = (p: number, i: number, right: boolean, rewards: ReadonlyArray<number>, offsets: boolean): ResultRow => ({
    prompt: [{ role: "user", content: `q${p}` }],
    generation: { content: "ab cd" },
    generation_idx: i,
    prompt_id: `p${p}`,
    correctness_reward_func: right ? 2 : 0,
    reward_model_score: rewards,
    ...(offsets ? { token_offsets: [0, 2] } : {}),
    schema_version: 1
  })
  const rows = [0, 1, 2].flatMap((p) => [0, 1, 2, 3].map((i) => row(p, i, i % 2 === 0 && p < 2, [i, p], true)))

  it("defect 31: extremes of prompts with both outcomes, however many completions they have, and seeded random ones", () => {
    const pools = PromptPools.ofRows(
      rows.map((one) => ({ ...one, prompt_id: one.prompt_id! })),
      { scores: { reward: ({ reward_model_score: r }) => r![0]! } }
    )
    const picks = picksOf(pools)
    expect(picks.slice(0, 4).map(({ name, key }) => [name, key])).toEqual([
      ["true_0", "p0#2"],
      ["wrong_0", "p0#1"],
      ["true_1", "p1#2"],
      ["wrong_1", "p1#1"]
    ])
    expect(picks.slice(4).map(({ name }) => name)).toEqual([0, 1, 2, 3, 4].map((i) => `random_${i}`))
    expect(picksOf(pools)).toEqual(picks)
    expect(picksOf(pools, 7).slice(4)).not.toEqual(picks.slice(4))
  })

  it("defect 31: a row whose tokens cannot be told is counted and not truncated to fit", async () => {
    const file = join(folder, "rows.jsonl")
    const broken = rows.map((one, k) => (k === 1 ? row(0, 1, false, [1, 0, 5], true) : one))
    writeFileSync(file, broken.map((one) => `${JSON.stringify(one)}\n`).join(""))
    const pools = PromptPools.ofRows(
      broken.map((one) => ({ ...one, prompt_id: one.prompt_id! })),
      { scores: { reward: ({ reward_model_score: r }) => r![0]! } }
    )
    const provenance = {
      file,
      sha256: "",
      rows: 12,
      prompts: 3,
      generations: 4,
      checkpoints: [],
      rewards: [],
      problems: []
    }
    const flat = meanVariation([])
    const { drawings, unplaced } = await run(
      tokenFigures({ file, pools, meanReward: 1, provenance, variation: { all: flat, think: flat } }, "run")
    )
    expect(unplaced).toBeGreaterThan(0)
    expect(drawings.map(({ id }) => id)).not.toContain("wrong_0")
    expect(drawings[0]!.caption).toContain("the best-scored correct completion of its prompt")
  })
})
