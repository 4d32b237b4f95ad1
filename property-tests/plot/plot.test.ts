import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { callPlot, oneRun } from "./callPlot.ts"

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "plot-"))
})
afterAll(() => rmSync(folder, { recursive: true }))

const spec = (name: string, text: string): string => {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

const json = (...path: ReadonlyArray<string>) => JSON.parse(readFileSync(join(folder, ...path), "utf8"))

describe("rewardflow plot main", () => {
  const at = "main/all_tokens/sums/standard/dense"
  let outcome: Awaited<ReturnType<typeof callPlot>>
  beforeAll(async () => {
    const config = spec("one.yaml", oneRun)
    const ns = ["--reranking-generations", "2,5,8,16"]
    outcome = await callPlot("main", "--config", config, "--output-root", join(folder, "main"), ...ns, "--debug")
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
