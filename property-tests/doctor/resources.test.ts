import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Tensors } from "../../src/core/tensor/index.ts"
import {
  bytesText,
  diskSpace,
  memoryFits,
  parameterBytes,
  resources,
  storedBytes
} from "../../src/experiments/doctor/index.ts"
import { recipeOf } from "../../src/experiments/train/index.ts"
import { asked } from "../experiments/trainSubject.ts"

const GiB = 2 ** 30

describe("disk space", () => {
  it("golden: enough, hardly, too little", () => {
    expect(diskSpace({ needed: GiB, available: 2 * GiB }, "runs")._tag).toBe("Passed")
    expect(diskSpace({ needed: 1.9 * GiB, available: 2 * GiB }, "runs")._tag).toBe("Warned")
    expect(diskSpace({ needed: 3 * GiB, available: 2 * GiB }, "runs")).toMatchObject({
      _tag: "Failed",
      reason: "checkpoints need 3.0 GiB, and 2.0 GiB are free at runs"
    })
  })

  it("golden: a whole critic beside an adapter counts as what it is, in checkpoints and at the end", async () => {
    const recipe = recipeOf((await asked("airl", "runs", [])).jobs[0]!.config)
    expect(storedBytes(recipe, { policy: 10, critic: 1000 })).toEqual({ checkpoint: 4040, run: 13_260 })
  })

  it("edge: a folder that does not exist yet is on the disk of the nearest one that does", async () => {
    const here = await Effect.runPromise(resources.disk("."))
    const there = await Effect.runPromise(resources.disk("./no/such/folder"))
    expect(here).toBeGreaterThan(0)
    expect(Math.abs(there / here - 1)).toBeLessThan(0.1)
  })
})

describe("memory", () => {
  it("error: says what is needed, of what, what there is and what to change", () =>
    expect(memoryFits({ needed: 8 * GiB, available: GiB / 2 }, "7 GiB activations")).toEqual({
      _tag: "Failed",
      reason: "the run is predicted to take 8.0 GiB (7 GiB activations), and 512 MiB are available",
      fix: expect.stringContaining("training.policy_micro_batch")
    }))

  it("golden: bytes of parameters are those of single precision", () => {
    expect(parameterBytes({ a: Tensors.full([3, 5], 1) })).toBe(60)
    expect(bytesText(60)).toBe("1 MiB")
  })
})
