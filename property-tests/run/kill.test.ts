import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Effect } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import { Rng } from "../../src/core/tensor/index.ts"
import { pause, start } from "./processes.ts"
import { inFolder, result, toyRun } from "./runs.ts"

let expected: ReturnType<typeof result>

beforeAll(() =>
  inFolder(async (folder) => {
    await Effect.runPromise(Effect.provide(toyRun(folder), NodeFileSystem.layer))
    expected = result(folder)
  })
)

const finished = (folder: string): boolean => existsSync(`${folder}/finished.json`)

describe("kill -9", () => {
  // Two runs at a time, since most of the time goes into starting Node.
  const killed = async (chain: number): Promise<number> => {
    const rng = Rng.make(11, "kill", chain)
    let kills = 0
    let atWork = 0
    while (kills < 11) {
      await inFolder(async (folder) => {
        while (kills < 11 && !finished(folder)) {
          const { child, printed, ended } = start("toyProcess.ts", ["train", folder, "8"])
          // Some die while starting, most at work: between steps, in one, or in a checkpoint.
          const early = Rng.uniform(rng) < 0.15
          if (!early) await printed(" ")
          await pause(Rng.uniform(rng) * (early ? 200 : 45))
          child.kill("SIGKILL")
          const { signal, stdout } = await ended
          if (signal !== "SIGKILL") continue
          kills++
          if (stdout.includes("Step")) atWork++
        }
        expect((await start("toyProcess.ts", ["train", folder]).ended).code).toBe(0)
        expect(result(folder)).toEqual(expected)
      })
    }
    return atWork
  }

  it("law: at 22 random moments, resumed after each, the run ends in the same bits", async () => {
    const atWork = await Promise.all([killed(0), killed(1)])
    expect(atWork[0]! + atWork[1]!).toBeGreaterThan(4)
  })
})

describe("signals", () => {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143]
  ] as const) {
    it(`golden: the first ${signal} finishes the step, saves, says how to go on and exits with ${code}`, () =>
      inFolder(async (folder) => {
        const { child, printed, ended } = start("toyProcess.ts", ["train", folder, "100"])
        await printed("Step first 1\n")
        child.kill(signal)
        // The same signal once more at once: what a parent that passes signals on does.
        child.kill(signal)
        const { code: got, stdout, stderr } = await ended
        expect(got).toBe(code)
        expect(stdout.trimEnd().split("\n").slice(-3)).toEqual([
          "Step first 2",
          "Checkpointed first 2",
          "Stopped first 2"
        ])
        expect(stderr).toContain("once more to stop at once")
        expect(stderr).toContain(`Stopped in stage first after step 2 of 7`)
        expect(stderr).toContain(`Continue with:\n  again ${folder}\n`)
        expect((await start("toyProcess.ts", ["train", folder]).ended).code).toBe(0)
        expect(result(folder)).toEqual(expected)
      }))
  }

  it("golden: the second SIGINT ends at once, without losing the last checkpoint", () =>
    inFolder(async (folder) => {
      // Beyond the second checkpoint of the first stage, then into a step that takes a minute.
      const early = start("toyProcess.ts", ["train", folder, "20"])
      await early.printed("Checkpointed first 6")
      early.child.kill("SIGKILL")
      await early.ended
      const slow = start("toyProcess.ts", ["train", folder, "60000"])
      await slow.printed("Resumed first 6")
      slow.child.kill("SIGINT")
      await pause(400)
      const before = performance.now()
      slow.child.kill("SIGINT")
      expect((await slow.ended).code).toBe(130)
      expect(performance.now() - before).toBeLessThan(2000)
      expect((await start("toyProcess.ts", ["train", folder]).ended).stdout).toContain("Resumed first 6")
      expect(result(folder)).toEqual(expected)
    }))

  it("golden: between two stages the first SIGINT ends the run, and says how to go on", async () => {
    const { child, printed, ended } = start("toyProcess.ts", ["between"])
    await printed("waiting")
    child.kill("SIGINT")
    const { code, stderr } = await ended
    expect(code).toBe(130)
    expect(stderr).toBe("Stopped between checkpoints. Continue with:\n  again\n")
  })
})

const mounting = spawnSync("unshare", ["--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
const canMount = mounting.status === 0
if (!canMount) process.stdout.write("skipped: a full disk of its own needs user namespaces (unshare, mount)\n")

describe("a full disk", () => {
  it.skipIf(!canMount)("error: says how much was needed; with space again the run ends in the same bits", () =>
    inFolder(async (folder) => {
      const process_ = fileURLToPath(new URL("toyProcess.ts", import.meta.url))
      // A disk of 24 KiB: the checkpoints of the first stage fill it. What is on it is copied away before it goes.
      const script = [
        `mount -t tmpfs -o size=24k tmpfs /mnt`,
        `code=0; node ${process_} train /mnt/run > ${folder}/out 2> ${folder}/err || code=$?; echo $code > ${folder}/code`,
        `cp -r /mnt/run ${folder}/run`
      ].join("\n")
      const env = { ...process.env, PATH: `${process.execPath.replace(/\/node$/, "")}:${process.env["PATH"]}` }
      spawnSync("unshare", ["--user", "--map-root-user", "--mount", "sh", "-ec", script], { env })
      expect(readFileSync(`${folder}/err`, "utf8")).toMatch(
        /^error: \/mnt\/run\/\S+: no space left: .*\d+ bytes.* needed\. Free space, then --resume; earlier checkpoints are intact\.\n$/
      )
      expect(readFileSync(`${folder}/code`, "utf8")).toBe("1\n")
      expect((await start("toyProcess.ts", ["train", `${folder}/run`]).ended).code).toBe(0)
      expect(result(`${folder}/run`)).toEqual(expected)
    })
  )
})
