import { cpSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { modelFolder } from "../experiments/modelFolder.ts"
import { folder } from "../experiments/tiny.ts"
import { folderSizes, looked } from "./doctorSubject.ts"

const GiB = 2 ** 30

describe("doctor", () => {
  it("golden: an adversarial run that is ready passes every check of the adversarial kind", async () => {
    const { verdicts, error } = await looked("airl")
    expect(error).toBeUndefined()
    expect(verdicts).toEqual({
      model: "passed",
      data: "passed",
      "outcome reward": "passed",
      truncation: "passed",
      mask: "passed",
      weights: "passed",
      "reward model": "passed",
      "token round trip": "passed",
      "end of text": "passed",
      "disk space": "passed",
      operations: "passed",
      memory: "passed",
      "longest batch": "passed",
      "sampler and trainer": "passed",
      adapter: "skipped",
      "critic head": "passed"
    })
  }, 60_000)

  it("golden: a model folder with its own tokenizer and template, fine-tuned", async () => {
    const model = await modelFolder(join(folder(), "model"))
    const { verdicts, error } = await looked("sft", [...folderSizes, `model.name=${model}`])
    expect(error).toBeUndefined()
    expect(verdicts).toMatchObject({ model: "passed", "token round trip": "passed", "longest batch": "passed" })
    expect(verdicts["adapter"]).toBe("skipped")
  }, 60_000)

  it("edge: the tokenizer of another model, whose ids all fit, is told by its end token", async () => {
    const mixed = await modelFolder(join(folder(), "model"))
    const other = await modelFolder(join(folder(), "model"), "llama3")
    for (const file of ["tokenizer.json", "tokenizer_config.json"]) cpSync(join(other, file), join(mixed, file))
    const { verdicts, reasons } = await looked("sft", [...folderSizes, `model.name=${mixed}`])
    expect(verdicts["model"]).toBe("warned")
    expect(reasons["model"]).toContain("names the tokenizer's end token <|eot_id|>")
  }, 60_000)

  it("error: a model folder without its tokenizer fails, and what needs it is left out", async () => {
    const broken = await modelFolder(join(folder(), "model"))
    rmSync(join(broken, "tokenizer.json"))
    const { verdicts, reasons, error } = await looked("sft", [`model.name=${broken}`])
    expect(verdicts).toMatchObject({ model: "failed", data: "skipped", weights: "skipped", memory: "skipped" })
    expect(reasons["model"]).toContain("tokenizer.json")
    expect(error).toBe("Not ready to train: model failed. Mend it, and ask again.")
  })

  it("error: too little memory and too little disk are refused before anything runs", async () => {
    const small = {
      disk: () => Effect.succeed(1000),
      memory: Effect.succeed(GiB / 16),
      resident: Effect.succeed(GiB / 16)
    }
    const { verdicts, reasons, error } = await looked("grpo", [], small)
    expect(verdicts).toMatchObject({ "disk space": "failed", memory: "failed", "longest batch": "skipped" })
    expect(reasons["memory"]).toMatch(/predicted to take .* MiB weights and moments.* 128 MiB are available/)
    expect(error).toContain("disk space, memory failed")
  }, 60_000)

  it("error: a machine that cannot be asked has not passed", async () => {
    const mute = { disk: () => Effect.fail(new Error("no such device")) }
    const { verdicts, reasons } = await looked("sft", [], mute)
    expect(verdicts["disk space"]).toBe("failed")
    expect(reasons["disk space"]).toBe("no such device")
  }, 60_000)
})
