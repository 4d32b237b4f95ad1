import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, type FileSystem } from "effect"
import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { Demonstration, Jsonl, Problem, Rollout } from "../../src/core/data/index.ts"

const folder = mkdtempSync(join(tmpdir(), "jsonl-"))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const run = <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem>) =>
  Effect.runPromise(effect.pipe(Effect.provide(NodeServices.layer)))

const problem = { id: "p1", prompt: "1+1?", finalAnswer: "2" }
const good = JSON.stringify({ problem, completion: "2" })

describe("Jsonl.read", () => {
  it("golden: every kind of bad row is named with its line, field and repair, and none is lost", async () => {
    const lines = [
      good,
      "{ broken",
      JSON.stringify({ problem: { prompt: "x" }, completion: "y" }),
      JSON.stringify({ problem, completion: "" }),
      "",
      JSON.stringify({ problem, completion: 3 }),
      good,
      "[]"
    ]
    const path = file("mixed.jsonl", `${lines.join("\n")}\n`)
    const { rows, errors, badRows } = await run(Jsonl.read(path, Demonstration))
    expect(rows).toHaveLength(2)
    expect(badRows).toBe(5)
    expect(errors.map((e) => [e.line, e.kind, e.field])).toEqual([
      [2, "json", ""],
      [3, "missing", "problem.id"],
      [4, "value", "completion"],
      [6, "value", "completion"],
      [8, "value", ""]
    ])
    expect(errors[1]?.message).toContain(`${path}:3, field "problem.id"`)
    expect(errors[1]?.message).toContain(`Add "problem.id" to this row.`)
    expect(errors[2]?.message).toContain(`Give "completion" a text, or remove the row.`)
    expect(errors[3]?.message).toContain("3")
  })

  it("edge: keeps the first errors and counts all", async () => {
    const path = file("bad.jsonl", "x\n".repeat(100))
    const { errors, badRows } = await run(Jsonl.read(path, Problem, { maxErrors: 3 }))
    expect([errors.length, badRows]).toEqual([3, 100])
  })

  it("edge: a byte order mark, CRLF, a missing final newline and an empty file are read", async () => {
    const path = file("bom.jsonl", `\uFEFF${JSON.stringify(problem)}\r\n${JSON.stringify(problem)}`)
    expect((await run(Jsonl.readAll(path, Problem))).length).toBe(2)
    expect(await run(Jsonl.readAll(file("empty.jsonl", ""), Problem))).toEqual([])
  })

  it("edge: a line separator inside a string does not split the row", async () => {
    const row = { id: "a", prompt: "x\u2028y\u0085z" }
    expect(await run(Jsonl.readAll(file("u2028.jsonl", `${JSON.stringify(row)}\n`), Problem))).toEqual([row])
  })

  it("error: bytes that are no UTF-8 are one bad row", async () => {
    const path = file("latin1.jsonl", Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xe9]), Buffer.from('"}\n')]))
    const { errors } = await run(Jsonl.read(path, Problem))
    expect(errors[0]?.message).toContain("not UTF-8")
  })

  it("error: a missing file and a broken gzip file name the file", async () => {
    const missing = await run(Effect.flip(Jsonl.read(join(folder, "none.jsonl"), Problem)))
    expect(missing.message).toContain("none.jsonl")
    const cut = file("cut.jsonl.gz", gzipSync(`${JSON.stringify(problem)}\n`.repeat(50)).subarray(0, 40))
    const broken = await run(Effect.flip(Jsonl.read(cut, Problem)))
    expect([broken._tag, broken.message.includes("gzip")]).toEqual(["FileError", true])
  })

  it("error: readAll refuses a file with one bad row", async () => {
    const error = await run(Effect.flip(Jsonl.readAll(file("one.jsonl", `${good}\nx\n`), Demonstration)))
    expect(error.message).toContain("1 of 2 rows")
  })

  it("error: a rollout whose log-probs do not match its tokens is refused by field", async () => {
    const rollout = { promptId: "p", generationIdx: 0, seed: 1, promptIds: [1], completionIds: [2, 3], logProbs: [-1] }
    const row = { ...rollout, rawLogProbs: [-1, -2], finishReason: "stop", text: "ab" }
    const { errors } = await run(Jsonl.read(file("r.jsonl", JSON.stringify(row)), Rollout))
    expect(errors[0]?.field).toBe("logProbs")
  })
})

describe("Jsonl.write", () => {
  it("law: read after write gives the rows, packed or not", async () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 })
    const rows = fc.array(fc.record({ id: text, prompt: text, finalAnswer: fc.string({ unit: "binary" }) }))
    await fc.assert(
      fc.asyncProperty(rows, fc.constantFrom("w.jsonl", "w.jsonl.gz"), async (problems, name) => {
        // Lone surrogates have no UTF-8 form.
        const sound = problems.filter((p) => Object.values(p).every((s) => s.isWellFormed()))
        const path = join(folder, name)
        await run(Jsonl.write(path, Problem, sound))
        expect(await run(Jsonl.readAll(path, Problem))).toEqual(sound)
      }),
      { seed: 42, numRuns: 40 }
    )
  })

  it("error: a row that breaks its schema is not written silently", async () => {
    const error = await run(Effect.flip(Jsonl.write(join(folder, "e.jsonl"), Problem, [{ id: "", prompt: "x" }])))
    expect(error.during).toBe("encode")
  })
})
