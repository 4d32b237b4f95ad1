import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Hub, type HubError } from "../../src/core/data/index.ts"
import { env, failure, get, home, repo, run, server, setFolder } from "./hubCase.ts"
import { large, second, small } from "./hubRepos.ts"
import { token } from "./hubServer.ts"

describe("HubError", () => {
  const message = async (effect: Effect.Effect<unknown, HubError, Hub>, patience?: number) => {
    const error = await failure(effect, patience)
    return [error.kind, error.message] as const
  }
  it.each([
    ["a repository that is not there", { kind: "dataset", id: "lab/none" }, "repository", "dataset lab/none at main"],
    ["a private one without a token", { kind: "model", id: "lab/private" }, "repository", "HF_TOKEN"],
    ["a gated one", { kind: "model", id: "lab/gated" }, "forbidden", "Accept the repository's conditions"],
    ["a revision that is not there", { ...repo, revision: "v9" }, "revision", "at v9"],
    ["a name that leads elsewhere", { kind: "model", id: "../x" }, "repository", "ORGANISATION/NAME"],
    ["a revision that leads elsewhere", { ...repo, revision: "../../x" }, "revision", "no name of a revision"]
  ] as const)("error: %s is named, with the repair", async (_, of, kind, part) => {
    const [found, text] = await message(get(of, "README.md"))
    expect([found, text.includes(part)]).toEqual([kind, true])
  })
  it("error: a private repository opens with the token, which no message holds", async () => {
    env["HF_TOKEN"] = token
    expect(existsSync(await run(get({ kind: "model", id: "lab/private" }, "README.md")))).toBe(true)
    const [, text] = await message(get({ kind: "model", id: "lab/none" }))
    expect(text).not.toContain(token)
  })
  it("error: a wrong token is refused with what to set", async () => {
    server.faults.push({ on: "/revision/", status: 401 })
    expect(await message(get(repo))).toEqual([
      "unauthorized",
      "dataset lab/set at main: the hub answers 401. Set HF_TOKEN, or log in so that a token file is written, with a token that may read it."
    ])
  })
  it("error: a file that the commit lacks, or that leads out of the folder", async () => {
    const [kind, text] = await message(get(repo, "train.csv"))
    expect([kind, text.includes("file train.csv"), text.includes(second)]).toEqual(["file", true, true])
    for (const path of ["../../x", "/etc/passwd", "a/../../x", "a\\b", ""])
      expect((await message(get(repo, path)))[0]).toBe("file")
  })
  it("error: a listing with a path that leads out of the folder is refused whole", async () => {
    const entry = { type: "file", path: "../../evil", size: 1, oid: "0".repeat(40) }
    server.faults.push({ on: "/tree/", body: Buffer.from(JSON.stringify([entry])) })
    const [kind, text] = await message(get(repo, "README.md"))
    expect([kind, text.includes("leads out")]).toEqual(["answer", true])
  })
  it.each([
    ["other bytes", Buffer.alloc(large.length, 1), "checksum is not"],
    ["too many bytes", Buffer.concat([large, small]), "longer than its 40000 bytes"]
  ])("error: %s are never kept", async (_, body, why) => {
    server.faults.push({ on: "/cdn/", body })
    const [kind, text] = await message(get(repo, "data/train.jsonl"))
    expect([kind, text.includes(`file data/train.jsonl: `), text.includes(why)]).toEqual(["corrupt", true, true])
    expect(readdirSync(setFolder("blobs"))).toEqual([])
  })
  it("error: a hub that stays busy is given up after the deadline, and what was received is kept", async () => {
    server.faults.push(
      { on: "/cdn/", cutAt: 1000 },
      ...Array.from({ length: 20 }, () => ({ on: "/cdn/", status: 503 }))
    )
    const [kind, text] = await message(get(repo, "data/train.jsonl"), 900)
    expect([kind, text.includes("503")]).toEqual(["unavailable", true])
    server.forget()
    await run(get(repo, "data/train.jsonl"))
    expect(server.seen.filter((s) => s.storage).map((s) => s.headers.range)).toEqual(["bytes=1000-"])
  })
  it("error: a cache that cannot be written", async () => {
    writeFileSync(join(home, "file"), "")
    env["HF_HUB_CACHE"] = join(home, "file")
    const [kind, text] = await message(get(repo, "README.md"))
    expect([kind, text.includes("HF_HUB_CACHE")]).toEqual(["storage", true])
  })
  it("error: an address that is none", async () => {
    env["HF_ENDPOINT"] = "huggingface.co"
    const [kind, text] = await message(get(repo))
    expect([kind, text.includes("huggingface.co/api/"), text.includes("Check that HF_ENDPOINT is a hub")]).toEqual([
      "answer",
      true,
      true
    ])
  })
  it("error: no network, or no hub at the address, is told within seconds, whatever the patience for downloads", async () => {
    env["HF_ENDPOINT"] = "http://127.0.0.1:9"
    const began = performance.now()
    const [kind, text] = await message(get(repo), 120_000)
    expect(performance.now() - began).toBeLessThan(4000)
    expect([kind, text.includes("127.0.0.1:9 cannot be reached"), text.includes("HF_HUB_OFFLINE=1")]).toEqual([
      "unreachable",
      true,
      true
    ])
  })
  it("error: a hub that goes away before a download is tried for as long as one that breaks off", async () => {
    const listing = await run(Hub.use((hub) => hub.list(repo)))
    env["HF_ENDPOINT"] = "http://127.0.0.1:9"
    const fetched = Hub.use((hub) => hub.fetch(listing, ["README.md"]))
    expect((await message(fetched, 300))[0]).toBe("unavailable")
  })
})

describe("HF_HUB_OFFLINE", () => {
  it("law: what was fetched is there without any request; a missing file names repository, revision and file", async () => {
    await run(get(repo, "README.md"))
    server.forget()
    env["HF_HUB_OFFLINE"] = "On"
    expect(readFileSync(join(await run(get(repo, "README.md")), "README.md")).equals(small)).toBe(true)
    const error = await failure(get(repo, "data/train.jsonl"))
    expect(error.message).toBe(
      "dataset lab/set at main, file data/train.jsonl: it is not in the cache, and HF_HUB_OFFLINE is set. " +
        "Unset HF_HUB_OFFLINE once to fetch it, or copy the cache from a machine that has it."
    )
    expect((await failure(get({ kind: "model", id: "lab/net" }))).kind).toBe("offline")
    expect(server.seen).toEqual([])
  })
  it("edge: a snapshot whose tree was never listed is listed from the files that are there", async () => {
    await run(get(repo, "README.md"))
    rmSync(setFolder("trees"), { recursive: true })
    env["HF_HUB_OFFLINE"] = "1"
    const listing = await run(Hub.use((hub) => hub.list(repo)))
    expect(listing.files).toEqual([{ path: "README.md", bytes: small.length }])
  })
})
