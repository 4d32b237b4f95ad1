import { existsSync, readdirSync } from "node:fs"
import { Cause, Effect, Exit } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import { WriteFailed } from "../../src/core/run/index.ts"
import { Crashed, type Fault, faultyFileSystem, type Operation } from "./faultyFileSystem.ts"
import { inFolder, result, toyRun } from "./runs.ts"

const attempt = (path: string, fault: Fault, trace: Array<Operation> = []) =>
  Effect.runPromiseExit(toyRun(path).pipe(Effect.provide(faultyFileSystem(fault, trace))))

const trace: Array<Operation> = []
let expected: ReturnType<typeof result>

/** The checkpoint, as a path in the run, that was the newest before an operation of the uninterrupted run. */
const lastCheckpoint = (before: number): string | undefined =>
  trace
    .slice(0, before)
    .flatMap(({ kind, to }) => (kind === "rename" ? (/[^/]+\/checkpoint-\d+$/.exec(to ?? "")?.[0] ?? []) : []))
    .at(-1)

beforeAll(() =>
  inFolder(async (folder) => {
    expect(Exit.isSuccess(await attempt(folder, { _tag: "None" }, trace))).toBe(true)
    expected = result(folder)
  })
)

describe("a run that is cut short", () => {
  it("golden: the uninterrupted run logs each step once", () => {
    expect(expected.metrics.map(({ stage, step }) => `${stage}${step}`).join(" ")).toBe(
      "first1 first2 first3 first4 first5 first6 first7 second1 second2 second3 second4 second5"
    )
    expect(trace.length).toBeGreaterThan(100)
  })

  it("law: after a crash at any operation on the disk, the resumed run ends in the same bits", async () => {
    for (let at = 0; at < trace.length; at++) {
      await inFolder(async (folder) => {
        const exit = await attempt(folder, { _tag: "Crash", at })
        expect(Exit.isFailure(exit) && Cause.squash(exit.cause), `crash at ${at}`).toBeInstanceOf(Crashed)
        expect(Exit.isSuccess(await attempt(folder, { _tag: "None" })), `resume after ${at}`).toBe(true)
        expect(result(folder), `crash at ${at}: ${JSON.stringify(trace[at])}`).toEqual(expected)
      })
    }
  })

  it("law: with the disk full from any operation on, the error is typed and the resumed run ends in the same bits", async () => {
    for (let at = 0; at < trace.length; at++) {
      await inFolder(async (folder) => {
        const exit = await attempt(folder, { _tag: "Full", at })
        if (Exit.isFailure(exit)) {
          const error = Cause.squash(exit.cause)
          expect(error, `full at ${at}`).toBeInstanceOf(WriteFailed)
          expect((error as WriteFailed).code).toBe("ENOSPC")
          expect((error as WriteFailed).message).toContain("no space left")
          expect(readdirSync(folder).filter((name) => name.startsWith(".tmp-"))).toEqual([])
          const last = lastCheckpoint(at)
          expect(last === undefined || existsSync(`${folder}/${last}/model.safetensors`), last).toBe(true)
        }
        expect(Exit.isSuccess(await attempt(folder, { _tag: "None" })), `resume after ${at}`).toBe(true)
        expect(result(folder), `full at ${at}`).toEqual(expected)
      })
    }
  })

  it("law: crashing again and again, a few operations later each time, still ends in the same bits", () =>
    inFolder(async (folder) => {
      let crashes = 0
      for (let budget = 9; ; budget += 2) {
        const exit = await attempt(folder, { _tag: "Crash", at: budget })
        if (Exit.isSuccess(exit)) break
        crashes++
      }
      expect(crashes).toBeGreaterThan(5)
      expect(result(folder)).toEqual(expected)
    }))

  it("law: every file is flushed after its last write and before the rename that makes it count", () => {
    const renames = trace.flatMap(({ kind, path }, index) =>
      kind === "rename" && path.includes(".tmp-") ? [{ path, index }] : []
    )
    const written = (path: string, before: number) =>
      trace.slice(0, before).filter((o) => (o.kind === "write" || o.kind === "sync") && o.path.startsWith(path))
    for (const { path, index } of renames) {
      const files = new Set(written(path, index).map((o) => o.path))
      for (const file of files) expect(written(file, index).at(-1)?.kind, file).toBe("sync")
    }
    expect(renames.length).toBeGreaterThan(5)
  })

  it("law: metrics are flushed before a checkpoint that counts on them", () => {
    trace.forEach(({ kind, to }, index) => {
      if (kind !== "rename" || to?.includes("/checkpoint-") !== true) return
      const lines = trace.slice(0, index).filter((o) => o.path.endsWith("metrics.jsonl"))
      expect(lines.at(-1)?.kind).toBe("sync")
    })
  })
})
