import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, type FileSystem } from "effect"
import { Command } from "effect/cli"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { ResultRow } from "../../src/core/data/index.ts"
import { meanVariation } from "../../src/core/evaluation/index.ts"
import { PromptPools } from "../../src/core/result/index.ts"
import { globalFlags, plotCommand } from "../../src/experiments/commands/index.ts"
import {
  contained,
  findResults,
  mainDrawings,
  mainTables,
  picksOf,
  plotMain,
  plotPairs,
  plotTransfer,
  RunResults,
  tokenFigures,
  usualKs
} from "../../src/experiments/plot/index.ts"
import { callCommand } from "../run/callCommand.ts"

const fixtures = "property-tests/plot/fixtures"
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "plot-"))
})
afterAll(() => rmSync(folder, { recursive: true }))

const call = (...args: ReadonlyArray<string>) =>
  callCommand<never>(() => {
    const sources = { main: async () => plotMain, transfer: async () => plotTransfer, pairs: async () => plotPairs }
    const plot = plotCommand(sources, args)
    return Command.runWith(plot.pipe(Command.withGlobalFlags(globalFlags)), { version: "1" })(args.slice(1))
  })

const spec = (name: string, text: string): string => {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

const json = (...path: ReadonlyArray<string>) => JSON.parse(readFileSync(join(folder, ...path), "utf8"))
const run = <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem>) =>
  Effect.runPromise(Effect.provide(effect, NodeServices.layer))

const one = `
answer_only_modes: [false]
domains: {sums: ${fixtures}/sums}
experiments:
  - {airl: tiny_dense, sft: tiny_sft, grpo: tiny_grpo, label: dense}
`

describe("rewardflow plot main", () => {
  const at = "main/all_tokens/sums/standard/dense"
  let outcome: Awaited<ReturnType<typeof call>>
  beforeAll(async () => {
    const config = spec("one.yaml", one)
    const ns = ["--reranking-generations", "2,5,8,16"]
    outcome = await call("plot", "main", "--config", config, "--output-root", join(folder, "main"), ...ns, "--debug")
  }, 120_000)

  it("golden: every figure as SVG, PDF and PNG with its caption, and every table in five formats", () => {
    expect(outcome.code).toBe(0)
    const figures = [
      ...["pass_at_k_all", "pass_atkN_expert_2", "pass_atkN_expert_8", "correctness_reward_distribution"],
      ...["format_rewards", "reward_correlation_matrix", "reliability", "risk_coverage"],
      ...["plots_reranking_compact/reranking_compact", "dense_rewards_raw/true_0", "dense_rewards_raw/wrong_4"]
    ]
    for (const figure of figures)
      for (const kind of ["svg", "pdf", "png", "caption.txt"])
        expect(existsSync(join(folder, at, `${figure}.${kind}`)), `${figure}.${kind}`).toBe(true)
    const tables = [
      ...["pass_at_k_table", "pass_at_k_table_reward_weighted", "pass_at_k_table_reranking_8"],
      ...["pass_at_k_table_selector_variants_8", "calibration_metrics_table", "pass_at_k_table_by_category"]
    ]
    for (const table of tables)
      for (const kind of ["json", "tex", "md", "csv", "txt"])
        expect(existsSync(join(folder, at, `${table}.${kind}`)), `${table}.${kind}`).toBe(true)
  })

  it("golden: the guide names every file of a run, and every file of it is made", () => {
    const made = readdirSync(join(folder, at), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.(svg|json)$/.test(file))
      .map((file) => file.replace(/\.(svg|json)$/, "").replace(/_\d+(?=_by_category$|$)/, "_<n>"))
    const guide = readFileSync("figures/README.md", "utf8")
    const sections = guide.slice(guide.indexOf("## Figures of a run"), guide.indexOf("## Over all runs"))
    const named = [...sections.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell]) =>
      [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!.replace(".json", "").replace("<i>", "<n>"))
    )
    const folderless = (name: string): string => name.replace("dense_rewards_raw/", "")
    expect(new Set(made.map(folderless))).toEqual(new Set(named.map(folderless)))
  })

  it("golden: values are those of a count over all subsets in Python", () => {
    const passAtK = json(at, "pass_at_k_table.json").rows[1]
    expect([passAtK.at1, passAtK.at3, passAtK.at5].map(({ value }) => value)).toEqual([
      0.4765625,
      expect.closeTo(0.8191964285714285, 12),
      expect.closeTo(0.9207589285714286, 12)
    ])
    const bestOf = (n: number) => json(at, `pass_at_k_table_reranking_${n}.json`).rows[1]
    expect(bestOf(2).at1.value).toBeCloseTo(0.6651785714285714, 12)
    expect(bestOf(8).at1.value).toBe(0.9375)
    expect(bestOf(5).at3.value).toBeCloseTo(0.9207589285714286, 12)
    expect(json(at, "summary.json").auroc.value).toBeCloseTo(0.9168093956447271, 12)
  })

  it("defect 11: a k or n above the number of completions has no cell and no file", () => {
    expect(json(at, "pass_at_k_table.json").rows[0].at10).toBeNull()
    expect(Object.keys(json(at, "pass_at_k_table_reranking_2.json").rows[0])).toEqual(["method", "at1"])
    expect(readdirSync(join(folder, at)).filter((name) => name.includes("_16"))).toEqual([])
  })

  it("defect 16: the gain of reranking is paired with the expected random pick of the same completions", () => {
    const [row] = json("main/all_tokens", "reranking_results_main.json").rows
    expect(row.sums_gain.value).toBeCloseTo(0.9375 - 0.4765625, 12)
    expect(row.sums_gain.ci95[0]).toBeLessThan(row.sums_gain.value)
    expect(row.mean_gain).toMatchObject({ value: row.sums_gain.value })
  })

  it("defect 17: selectors are ordered by half of the prompts and measured on the other", () => {
    const { rows, caption } = json(at, "pass_at_k_table_selector_variants_8.json")
    const values = rows.map((row: { validation: { value: number } }) => row.validation.value)
    expect(values).toEqual([...values].sort((a, b) => b - a))
    // Counted in Python: the last reward is right on 7 of the 8 prompts that order, and on 6 of the others.
    const last = rows.find(({ selector }: { selector: string }) => selector === "last")
    expect([last.validation, last.test].map(({ value, n }) => [value, n])).toEqual([
      [0.875, 8],
      [0.75, 8]
    ])
    expect(caption).toContain("on the other half")
  })

  it("golden: variation of rewards is that counted in Python, of whole traces and of their reasoning", () => {
    const { rows } = json(at, "dense_reward_variation_stats.json")
    expect([rows[0].range, rows[0].finalJumpShare, rows[0].std, rows[1].range]).toEqual(
      [2.896203125, 0.05791951174695762, 0.675876937065198, 2.68190625].map((value) => expect.closeTo(value, 10))
    )
  })

  it("defect 18: the answer's tokens are weighed by their tags, among the selectors that are compared", () => {
    const { rows } = json(at, "pass_at_k_table_selector_variants_8.json")
    const names = rows.map(({ selector }: { selector: string }) => selector)
    expect(names).toEqual(expect.arrayContaining(["answerBoost(2)", "answerTokens", "sum", "min"]))
  })

  it("defect 28: each table says which bytes its numbers come from", () => {
    const { provenance } = json(at, "pass_at_k_table.json")
    expect(provenance.runs.airl).toMatchObject({ rows: 128, prompts: 16, generations: 8, checkpoints: ["made-up-1"] })
    expect(provenance.runs.airl.sha256).toMatch(/^[\da-f]{64}$/)
    expect(provenance.selector).toBe("mean")
  })
})

describe("rewardflow plot main of several runs", () => {
  let outcome: Awaited<ReturnType<typeof call>>
  const at = (...path: ReadonlyArray<string>) => join(folder, "min/all_tokens", ...path)
  beforeAll(async () => {
    const config = spec("min.yaml", `${one}  - {airl: tiny_grpo, sft: tiny_gone, grpo: tiny_grpo, label: grpo}\n`)
    const flags = ["--selector-mode", "min", "--no-token-figs", "--reranking-generations", "8", "--workers", "2"]
    outcome = await call("plot", "main", "--config", config, "--output-root", join(folder, "min"), ...flags)
  }, 120_000)

  it("golden: they are drawn in threads, and told one by one", () => {
    expect(outcome.err).toContain("[2/2] all_tokens/sums/")
    expect(existsSync(at("sums/standard/dense/dense_rewards_raw"))).toBe(false)
    for (const table of ["results_reranking_long", "results_calibration_table", "reranking_results_main"])
      expect(existsSync(at(`${table}.tex`)), table).toBe(true)
  })

  it("defect 32: captions and axes name the selector that was used", () => {
    const folderOfRun = at("sums/standard/dense")
    const caption = readFileSync(`${folderOfRun}/pass_atkN_expert_8.caption.txt`, "utf8")
    expect(caption).toContain("the reward (min) ranks first")
    expect(readFileSync(`${folderOfRun}/correctness_reward_distribution.svg`, "utf8")).toContain("reward (min)")
    expect(readFileSync(at("ablation_sums.caption.txt"), "utf8")).toContain("best-of-8 by its reward (min)")
  })

  it("defect 29: a missing run is a line of the summary and a failure, and the rest is drawn", () => {
    expect(outcome.code).toBe(1)
    expect(outcome.err).toMatch(/missing: all_tokens\/sums\/grpo: no eval_results_new\.jsonl, .* of the run tiny_gone/)
    expect(existsSync(at("sums/standard/grpo/pass_at_k_all.pdf"))).toBe(true)
  })

  it("golden: a run that several experiments are compared with stands in the table of pass@1 once", () => {
    const { rows } = JSON.parse(readFileSync(at("results_pass_at_1.json"), "utf8"))
    expect(rows.map(({ run: name }: { run: string }) => name)).toEqual([
      "tiny_sft: SFT",
      "tiny_grpo: Outcome supervision (GRPO)",
      "dense: Expert reasoning (reward)",
      "grpo: Expert reasoning (reward)"
    ])
    const tex = readFileSync(at("results_pass_at_1.tex"), "utf8")
    expect(tex).toContain("\\textcolor{gray}{tiny\\_grpo: Outcome supervision (GRPO)}")
  })
})

describe("what is missing", () => {
  it("defect 29: a run that breaks is a failure of its own, and the others go on", async () => {
    const job = { domain: "d", label: "l", answerOnly: true }
    const drawn = await Effect.runPromise(contained(job)(Effect.die(new RangeError("3 scores for 4 completions."))))
    expect(drawn.troubles).toEqual([{ kind: "failed", job: "answer_only/d/l", reason: "3 scores for 4 completions." }])
  })

  it("defect 29: transfer keeps the missing cell, with its reason", async () => {
    const output = join(folder, "transfer")
    const flags = ["--config", "configs/figures/transfer.yaml", "--num-generations", "8", "--output-root", output]
    expect((await call("plot", "transfer", ...flags)).code).toBe(1)
    expect((await call("plot", "transfer", ...flags, "--allow-missing")).code).toBe(0)
    const { rows } = JSON.parse(readFileSync(`${output}/transfer/transfer_values.json`, "utf8"))
    expect(rows).toHaveLength(4)
    expect(rows[2].accuracy._tag).toBe("NotAvailable")
    expect(readdirSync(`${output}/transfer`)).toContain("transfer_matrix_dense_graph_all_models.pdf")
    expect(readFileSync(`${output}/transfer/transfer_matrix.tex`, "utf8")).toContain("n/a")
  }, 120_000)
})

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
