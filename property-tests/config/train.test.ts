import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Command } from "effect/cli"
import { describe, expect, it } from "vitest"
import { type TrainOptions, trainCommand } from "../../src/experiments/commands/index.ts"
import { callCommand } from "../run/callCommand.ts"

const call = (...args: ReadonlyArray<string>) =>
  callCommand<TrainOptions>((noting) =>
    Command.runWith(trainCommand(noting, ["train", ...args]), { version: "1.2.3" })(args)
  )

describe("rewardflow train", () => {
  it("golden: one job, with the seed and the folder of the configuration", async () => {
    const { calls, code, err, out } = await call("--config-name", "tiny_airl", "--output", "runs/x", "seed=7", "~eval")
    expect({ code, err, out, jobs: calls[0]!.jobs.length }).toEqual({ code: 0, err: "", out: "", jobs: 1 })
    const [job] = calls[0]!.jobs
    expect([job!.config.seed, job!.config.eval.eval_steps, calls[0]!.sweep]).toEqual([7, 100, false])
    expect(job!.output).toMatch(/runs\/x$/)
    expect(job!.configText).toContain("seed: 7  # override seed=7")
  })

  it("golden: a sweep runs every combination, each in a folder of its own", async () => {
    const { calls, code } = await call(
      "--config-name=tiny_airl",
      "--output=runs/x",
      "-m",
      "training.beta=0,0.1",
      "seed=range(2)"
    )
    expect(code).toBe(0)
    const { jobs, sweep } = calls[0]!
    expect([calls.length, sweep]).toEqual([1, true])
    expect(jobs.map(({ config }) => [config.training.beta, config.seed])).toEqual([
      [0, 0],
      [0, 1],
      [0.1, 0],
      [0.1, 1]
    ])
    expect(jobs.map(({ output }) => output.slice(output.lastIndexOf("/")))).toEqual(["/0", "/1", "/2", "/3"])
  })

  it("golden: --cfg job prints what was composed, --resolve what will run and where it came from", async () => {
    const raw = await call("--config-name", "tiny_airl", "--cfg", "job", "training.beta=0.2")
    expect(raw.out).toContain(`policy_name: "\${.name}"`)
    expect(raw.calls).toEqual([])
    const resolved = await call("--config-name", "tiny_airl", "--cfg", "job", "--resolve", "training.beta=0.2")
    expect(resolved.out).toMatch(/policy_name: fresh {2}# .*configs\/size\/tiny\.yaml:4\n/)
    expect(resolved.out).toContain("beta: 0.2  # override training.beta=0.2\n")
    expect(resolved.out).toContain("dense_gamma: 1  # default, does not matter here\n")
    // Fields of a record matter as it does.
    expect(resolved.out).toMatch(/rollouts: 8 {2}# .*configs\/tiny_airl\.yaml:\d+\n/)
    expect(resolved.calls).toEqual([])
  })

  it("golden: a folder of one's own goes before those that come with the library, and may use them", async () => {
    const folder = mkdtempSync(join(tmpdir(), "configs-"))
    try {
      mkdirSync(join(folder, "size"))
      writeFileSync(join(folder, "mine.yaml"), "defaults: [tiny_airl, _self_, {override size: mine}]\nseed: 5\n")
      writeFileSync(
        join(folder, "size/mine.yaml"),
        "# @package model\nname: fresh\npolicy_name: fresh\nreward_name: policy\nshape: {width: 8, layers: 1, heads: 2, feed_forward: 16}\n"
      )
      const { calls, err, code } = await call("--config-path", folder, "--config-name", "mine", "--output", "o")
      expect({ err, code }).toEqual({ err: "", code: 0 })
      const { config } = calls[0]!.jobs[0]!
      expect([config.seed, config.model.shape?.width, config.training.max_steps]).toEqual([5, 8, 20])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it("error: bad names, keys and options exit with 2 and run nothing", async () => {
    const cases = [
      [["--config-name", "tiny_arl"], "No configuration tiny_arl. Did you mean tiny_airl?"],
      [["--config-name", "tiny_airl", "training.bta=1"], "Did you mean training.beta?"],
      [["--config-name", "tiny_airl", "seed=1,2"], "add -m"],
      [["--config-name", "tiny_airl", "-m", "seed=1,x"], "seed: Expected"],
      [["--config-name", "tiny_airl", "--resolve"], "--resolve belongs to --cfg job"],
      [["--config-name", "tiny_airl", "--resume", "--overwrite"], "give one of them"],
      [["--config-name", "tiny_airl", "--config-path", "no/such"], "no/such is no folder of configurations"],
      [["--config-name", "tiny_airl", "training.beta"], "expected = and a value"]
    ] as const
    for (const [args, expected] of cases) {
      const { calls, code, err } = await call(...args)
      expect(err).toContain(expected)
      expect({ code, calls }).toEqual({ code: 2, calls: [] })
    }
  })

  it("edge: --drop-rejected leaves out what cannot change what is learned, and says so", async () => {
    const args = ["--config-name", "tiny_airl", "--output", "o", "+wandb.project=x"]
    expect((await call(...args)).err).toContain("wandb.project: every run writes metrics.jsonl")
    const { calls, code, err } = await call("--drop-rejected", ...args)
    expect({ code, jobs: calls[0]!.jobs.length }).toEqual({ code: 0, jobs: 1 })
    expect(err).toBe(
      "left out: wandb.project (override +wandb.project=x): every run writes metrics.jsonl and TensorBoard files; nothing is sent anywhere."
    )
    expect((await call("--drop-rejected", "--config-name", "tiny_airl", "+model.lora_rank=8")).code).toBe(2)
  })
})
