import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { taskOf } from "../../src/core/task/index.ts"
import { hubLayer } from "../../src/experiments/data/index.ts"
import { hubServer } from "./hubServer.ts"

const tables = join(import.meta.dirname, "../../specs/fixtures/tables")
const home = mkdtempSync(join(tmpdir(), "hub-task-"))
const [own, converted] = ["a".repeat(40), "b".repeat(40)]
const bytes = (path: string) => readFileSync(join(tables, path))
const [train, test] = ["train", "test"].map((split) => bytes(`gsm8k/main/${split}-00000-of-00001.parquet`))
const saved = readdirSync(join(tables, "countdown"), { recursive: true, encoding: "utf8" }).filter((path) =>
  /\./.test(path)
)
const server = await hubServer([
  {
    kind: "dataset",
    id: "openai/gsm8k",
    branches: { main: own, "refs/convert/parquet": converted },
    commits: {
      [own]: { "gsm8k.py": Buffer.from("a script") },
      [converted]: {
        "main/train/0000.parquet": train!,
        "main/test/0000.parquet": test!,
        "socratic/test/0000.parquet": test!
      }
    }
  },
  {
    kind: "dataset",
    id: "me/countdown",
    branches: { v2: own },
    commits: { [own]: Object.fromEntries(saved.map((path) => [path, bytes(`countdown/${path}`)])) }
  }
])
afterAll(async () => {
  await server.close()
  rmSync(home, { recursive: true })
})
const read = (offline: string, ...args: Parameters<typeof taskOf>) => {
  const env = { HF_ENDPOINT: server.endpoint, HF_HUB_OFFLINE: offline }
  return Effect.runPromise(
    taskOf(...args).pipe(Effect.provide(hubLayer({ env, home })), Effect.provide(NodeServices.layer))
  )
}

describe("taskOf over HTTP", () => {
  it("golden: the converted Parquet of a repository is the task that its files give from a folder, and stays so offline", async () => {
    const fetched = await read("0", "gsm8k", null)
    const local = await read("0", "gsm8k", join(tables, "gsm8k"))
    expect(fetched.task.splits).toEqual(local.task.splits)
    expect(fetched.origin).toBe(`hf://datasets/openai/gsm8k@${converted}`)
    expect(server.seen.some((s) => s.url.includes("socratic"))).toBe(false)
    server.forget()
    expect((await read("1", "gsm8k", null)).task.splits).toEqual(local.task.splits)
    expect(server.seen).toEqual([])
  })
  it("golden: a data set saved as Arrow files is read from a tag", async () => {
    const { task, origin } = await read("0", "countdown_kd", "hf://datasets/me/countdown@v2")
    expect(task.splits).toEqual((await read("0", "countdown_kd", join(tables, "countdown"))).task.splits)
    expect(origin).toBe(`hf://datasets/me/countdown@${own}`)
    expect(server.seen.some((s) => s.url.includes("/eval/"))).toBe(false)
  })
})
