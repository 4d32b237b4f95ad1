import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { Effect, Result } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { Examples, Sources } from "../../src/core/data/index.ts"
import { readDemonstrations } from "../../src/experiments/reward/index.ts"

const folder = mkdtempSync(join(tmpdir(), "examples-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const read = (...rows: ReadonlyArray<object>) => {
  const file = join(folder, "rows.jsonl")
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""))
  return Effect.runPromise(
    Effect.result(Examples.examples(Sources.file(file))).pipe(Effect.provide(NodeServices.layer))
  )
}
const rowsOf = async (...rows: ReadonlyArray<object>) => Result.getOrThrow(await read(...rows))
const messageOf = async (...rows: ReadonlyArray<object>) =>
  Result.match(await read(...rows), { onSuccess: () => "read", onFailure: (error) => error.message })

const user = (content: string) => ({ role: "user", content })
const assistant = (content: string) => ({ role: "assistant", content })

describe("rows in the common columns", () => {
  it("golden: each kind, prompts as texts", async () => {
    expect(await rowsOf({ text: "a" })).toEqual([{ _tag: "Text", text: "a" }])
    expect(await rowsOf({ prompt: "q" })).toEqual([{ _tag: "Prompt", prompt: [user("q")] }])
    expect(await rowsOf({ prompt: "q", completion: "a" })).toEqual([
      { _tag: "Completion", prompt: [user("q")], completion: "a" }
    ])
    expect(await rowsOf({ prompt: "q", chosen: "a", rejected: "b" })).toEqual([
      { _tag: "Preference", prompt: [user("q")], chosen: "a", rejected: "b" }
    ])
    expect(await rowsOf({ prompt: "q", completion: "a", label: false })).toEqual([
      { _tag: "Labelled", prompt: [user("q")], completion: "a", label: false }
    ])
  })

  it("golden: conversations say the same as texts", async () => {
    expect(await rowsOf({ prompt: [user("q")], completion: [assistant("a")] })).toEqual(
      await rowsOf({ prompt: "q", completion: "a" })
    )
    expect(await rowsOf({ messages: [user("q"), assistant("a")] })).toEqual([
      { _tag: "Conversation", messages: [user("q"), assistant("a")] }
    ])
  })

  it("claim: other columns are left unread", async () => {
    expect(await rowsOf({ prompt: "q", completion: "a", id: 7, source: null })).toHaveLength(1)
  })

  it("error: columns that make no kind, with those that do", async () => {
    expect(await messageOf({ prompt: "q", chosen: "a" })).toContain("prompt, chosen together")
    expect(await messageOf({ question: "q" })).toContain("none of the known columns")
  })

  it("error: a row unlike the first, with its line", async () => {
    expect(await messageOf({ prompt: "q", completion: "a" }, { prompt: "q" })).toMatch(/:2\b.*completion/s)
  })

  it("error: a conversation that the user ends, and a completion of several turns", async () => {
    expect(await messageOf({ messages: [user("q")] })).toContain("the last turn must be the assistant's")
    expect(await messageOf({ prompt: "q", completion: [assistant("a"), assistant("b")] })).toContain("one turn")
  })

  it("error: a label of -100 is none, and is not read as true", async () => {
    expect(await messageOf({ prompt: "q", completion: "a", label: -100 })).toContain("label")
  })
})

describe("demonstrations of files", () => {
  const demonstrationsOf = (...names: ReadonlyArray<string>) =>
    Effect.runPromise(
      readDemonstrations(names.map((name) => join(folder, name))).pipe(Effect.provide(NodeServices.layer))
    )
  const write = (name: string, row: object) => writeFileSync(join(folder, name), `${JSON.stringify(row)}\n`)

  it("claim: one's own rows and the common columns are read side by side, and each prompt is a problem of its own", async () => {
    write("own.jsonl", { problem: { id: "p", prompt: "q" }, completion: "a" })
    write("chosen.jsonl", { prompt: "r", chosen: "good", rejected: "bad" })
    write("turns.jsonl", { messages: [user("s"), assistant("t")] })
    const found = await demonstrationsOf("own.jsonl", "chosen.jsonl", "turns.jsonl")
    expect(found.map(({ problem, completion }) => [problem.id, completion])).toEqual([
      ["p", "a"],
      ["example-0", "good"],
      ["example-1", "t"]
    ])
  })
})

describe("what examples teach", () => {
  it("golden: the chosen and the well labelled are demonstrations, one problem a prompt", async () => {
    const rows = await rowsOf(
      { prompt: "q", completion: "bad", label: false },
      { prompt: "r", completion: "good", label: true },
      { prompt: "q", completion: "fine", label: true }
    )
    expect(Examples.demonstrations(rows)).toEqual([
      { problem: { id: "example-1", prompt: [user("r")] }, completion: "good" },
      { problem: { id: "example-0", prompt: [user("q")] }, completion: "fine" }
    ])
    expect(rows.flatMap(Examples.judged).filter(({ isGood }) => !isGood)).toEqual([
      { prompt: [user("q")], completion: "bad", isGood: false }
    ])
  })
})
