import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { modelFolder } from "../experiments/modelFolder.ts"
import { folder } from "../experiments/tiny.ts"
import { folderSizes, looked } from "./doctorSubject.ts"

const model = await modelFolder(join(folder(), "model"))

describe("doctor of adapters", () => {
  it("golden: its adapter, fine-tuned, and beside a critic's", async () => {
    const sft = await looked("sft", [...folderSizes, `model.name=${model}`, "model.lora_rank=2"])
    expect(sft).toMatchObject({ error: undefined, verdicts: { adapter: "passed" } })
    const names = [`model.policy_name=${model}`, "model.reward_name=policy", "model.reward_head=scalar"]
    const ranks = ["model.policy_lora_rank=2", "model.reward_lora_rank=2"]
    const airl = await looked("airl", [...folderSizes, ...names, ...ranks])
    expect(airl).toMatchObject({ error: undefined, verdicts: { adapter: "passed", "critic head": "passed" } })
  }, 60_000)

  it("golden: adapters over a base that is held in 4 bits", async () => {
    const { verdicts, error } = await looked("sft", [
      ...folderSizes,
      `model.name=${model}`,
      "model.lora_rank=2",
      "model.load_in_4bit=true"
    ])
    expect(error).toBeUndefined()
    expect(verdicts).toMatchObject({
      operations: "passed",
      memory: "passed",
      "longest batch": "passed",
      adapter: "passed"
    })
  }, 60_000)

  it("error: a whole critic beside an adapter does not fit on a disk that would hold two adapters", async () => {
    const names = [`model.policy_name=${model}`, "model.reward_name=policy", "model.reward_head=scalar"]
    const machine = { disk: () => Effect.succeed(300_000) }
    const { verdicts } = await looked("airl", [...folderSizes, ...names, "model.policy_lora_rank=2"], machine)
    expect(verdicts["disk space"]).toBe("failed")
  }, 60_000)
})
