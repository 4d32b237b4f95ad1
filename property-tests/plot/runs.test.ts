import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { contained } from "../../src/experiments/plot/index.ts"
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

describe("rewardflow plot main of several runs", () => {
  let outcome: Awaited<ReturnType<typeof callPlot>>
  const at = (...path: ReadonlyArray<string>) => join(folder, "min/all_tokens", ...path)
  beforeAll(async () => {
    const config = spec("min.yaml", `${oneRun}  - {airl: tiny_grpo, sft: tiny_gone, grpo: tiny_grpo, label: grpo}\n`)
    const flags = ["--selector-mode", "min", "--no-token-figs", "--reranking-generations", "8", "--workers", "2"]
    outcome = await callPlot("main", "--config", config, "--output-root", join(folder, "min"), ...flags)
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
    expect((await callPlot("transfer", ...flags)).code).toBe(1)
    expect((await callPlot("transfer", ...flags, "--allow-missing")).code).toBe(0)
    const { rows } = JSON.parse(readFileSync(`${output}/transfer/transfer_values.json`, "utf8"))
    expect(rows).toHaveLength(4)
    expect(rows[2].accuracy._tag).toBe("NotAvailable")
    expect(readdirSync(`${output}/transfer`)).toContain("transfer_matrix_dense_graph_all_models.pdf")
    expect(readFileSync(`${output}/transfer/transfer_matrix.tex`, "utf8")).toContain("n/a")
  }, 120_000)
})
