import { appendFileSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ChunkedFiles } from "../../src/experiments/evaluateRun/index.ts"
import { folder } from "../experiments/tiny.ts"

const run = <A, E>(effect: Effect.Effect<A, E, NodeServices.NodeServices>) =>
  Effect.runPromise(effect.pipe(Effect.provide(NodeServices.layer), Effect.result))

const rows = (chunk: number) =>
  Array.from({ length: 1 + (chunk % 3) }, (_, i) => ({ chunk, i, text: "ä".repeat(chunk) }))
const whole = (chunks: number): string =>
  Array.from({ length: chunks }, (_, c) =>
    rows(c)
      .map((row) => `${JSON.stringify(row)}\n`)
      .join("")
  ).join("")

/** Opens the file and writes chunks up to `until`, as a process does that is killed then. */
const write = (file: string, until: number, settings = 1) =>
  run(
    Effect.gen(function* () {
      const out = yield* ChunkedFiles.open(file, { settings, overwrite: false })
      for (let chunk = out.chunks; chunk < until; chunk++) yield* out.append(rows(chunk), { seen: 1 })
      return out
    })
  )

describe("ChunkedFile", () => {
  it("law: however often it is killed, and whatever was half written, the file is what one run writes", () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 4 }), fc.string(), async (stops, torn) => {
        const file = join(folder(), "rows.jsonl")
        for (const stop of stops) {
          Result.getOrThrow(await write(file, stop))
          appendFileSync(file, torn)
        }
        const last = Result.getOrThrow(await write(file, 7))
        expect(readFileSync(file, "utf8")).toBe(whole(7))
        expect(last.counts()).toEqual({ seen: 7 })
      }),
      { seed: 42, numRuns: 20 }
    ))

  it("error: other settings, rows of unknown origin, and lost bytes are refused", async () => {
    const file = join(folder(), "rows.jsonl")
    Result.getOrThrow(await write(file, 3))
    const refused = async (settings?: number) => Result.getOrThrow(Result.flip(await write(file, 4, settings))).message
    expect(await refused(2)).toContain("made with other settings")
    writeFileSync(file, "")
    expect(await refused()).toContain("bytes that were written are gone")
    const foreign = join(folder(), "rows.jsonl")
    writeFileSync(foreign, "{}\n")
    const other = await write(foreign, 1)
    expect(Result.getOrThrow(Result.flip(other)).message).toContain("nothing says which settings made them")
  })
})
