import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { address, Hub, type HubError, type Repo } from "../../src/core/data/index.ts"
import { Screens } from "../../src/core/run/index.ts"
import { hubLayer } from "../../src/experiments/data/index.ts"
import { files, first, large, repos, second, small } from "./hubRepos.ts"
import { gitSha1, hubServer, LARGE, sha256, token } from "./hubServer.ts"

const repo: Repo = { kind: "dataset", id: "lab/set" }
const server = await hubServer(repos)
const home = mkdtempSync(join(tmpdir(), "hub-"))
afterAll(async () => {
  await server.close()
  rmSync(home, { recursive: true })
})
let env: Record<string, string> = {}
let caches = 0
beforeEach(() => {
  server.forget()
  env = { HF_ENDPOINT: `${server.endpoint}/`, HF_HOME: join(home, String(caches++)) }
})
const cache = (...parts: ReadonlyArray<string>) => join(env["HF_HOME"]!, "hub", ...parts)
const setFolder = (...parts: ReadonlyArray<string>) => cache("datasets--lab--set", ...parts)

const run = <A, E>(effect: Effect.Effect<A, E, Hub>, patience = 5000) =>
  Effect.runPromise(effect.pipe(Effect.provide(hubLayer({ env, home, patience })), Effect.provide(NodeServices.layer)))
const get = (of: Repo, ...paths: ReadonlyArray<string>) =>
  Hub.use((hub) => Effect.flatMap(hub.list(of), (listing) => hub.fetch(listing, paths)))
const failure = (effect: Effect.Effect<unknown, HubError, Hub>, patience?: number) => run(Effect.flip(effect), patience)
/** Requests for files, not for listings. */
const transfers = () => server.seen.filter(({ url }) => url.includes("/cdn/") || url.includes("/resolve/"))

describe("Hub.list", () => {
  it("golden: all pages of the tree at the commit that the revision means", async () => {
    const listing = await run(Hub.use((hub) => hub.list(repo)))
    expect(listing).toEqual({
      repo,
      commit: second,
      files: Object.entries(files).map(([path, bytes]) => ({ path, bytes: bytes.length }))
    })
    expect(address(listing)).toBe(`hf://datasets/lab/set@${second}`)
    expect(readFileSync(setFolder("refs/main"), "utf8")).toBe(second)
  })
  it("law: a commit's tree is asked for once, a branch each time", async () => {
    await run(Hub.use((hub) => hub.list(repo)))
    server.forget()
    await run(Hub.use((hub) => hub.list(repo)))
    expect(server.seen.map((s) => s.url)).toEqual(["/api/datasets/lab/set/revision/main"])
    server.forget()
    await run(Hub.use((hub) => hub.list({ ...repo, revision: second })))
    expect(server.seen).toEqual([])
  })
  it("golden: tags, and references with slashes, are revisions", async () => {
    for (const revision of ["v1", "refs/convert/parquet"]) {
      const listing = await run(Hub.use((hub) => hub.list({ ...repo, revision })))
      expect([listing.commit, listing.files.map((f) => f.path)]).toEqual([first, ["README.md"]])
      expect(readFileSync(setFolder("refs", revision), "utf8")).toBe(first)
    }
  })
})

describe("Hub.fetch", () => {
  it("golden: blobs lie under their checksum, snapshots link to them relatively, as the hub's other tools do it", async () => {
    const folder = await run(get(repo, ...Object.keys(files)))
    expect(folder).toBe(setFolder("snapshots", second))
    for (const [path, bytes] of Object.entries(files)) {
      expect(readFileSync(join(folder, path)).equals(bytes)).toBe(true)
      const depth = "../".repeat(path.split("/").length + 1)
      const name = bytes.length < LARGE ? gitSha1(bytes) : sha256(bytes)
      expect(readlinkSync(join(folder, path))).toBe(`${depth}blobs/${name}`)
    }
    expect(readdirSync(setFolder("blobs")).sort()).toEqual(
      [gitSha1(small), sha256(large), gitSha1(Buffer.alloc(0))].sort()
    )
    expect(readdirSync(setFolder()).sort()).toEqual(["blobs", "refs", "snapshots", "trees"])
  })
  it("golden: the cache is that of huggingface_hub, link by link and file by file, and what that one wrote is read offline", async () => {
    const { layout } = JSON.parse(
      readFileSync(join(import.meta.dirname, "../../specs/fixtures/hub/layout.json"), "utf8")
    )
    await run(get(repo, ...Object.keys(files)))
    const paths = readdirSync(setFolder(), { recursive: true, encoding: "utf8" }).filter(
      (path) => lstatSync(setFolder(path)).isSymbolicLink() || statSync(setFolder(path)).isFile()
    )
    expect(paths.sort()).toEqual(Object.keys(layout).sort())
    for (const path of paths) {
      const { link, text, bytes } = layout[path]
      if (link !== undefined) expect(readlinkSync(setFolder(path))).toBe(link)
      else if (bytes !== undefined) expect(statSync(setFolder(path)).size).toBe(bytes)
      else if (path.endsWith(".json"))
        expect(JSON.parse(readFileSync(setFolder(path), "utf8"))).toEqual(JSON.parse(text))
      else expect(readFileSync(setFolder(path), "utf8")).toBe(text)
    }
    // Its tree in the place of ours: what it wrote is taken for a listing.
    const tree = `trees/${second}.json`
    writeFileSync(setFolder(tree), layout[tree].text)
    env["HF_HUB_OFFLINE"] = "1"
    const listing = await run(Hub.use((hub) => hub.list(repo)))
    expect(listing.files.map((f) => f.path).sort()).toEqual(Object.keys(files).sort())
  })
  it("law: what is in the cache is not asked for again, under another revision neither", async () => {
    await run(get(repo, "README.md"))
    server.forget()
    await run(get({ ...repo, revision: second }, "README.md"))
    expect(server.seen).toEqual([])
    await run(get({ ...repo, revision: "v1" }, "README.md"))
    expect(transfers()).toEqual([])
  })
  it("law: two that fetch the same file at once both have it, and neither takes what the other receives", async () => {
    server.faults.push({ on: "/cdn/", cutAt: 1000 })
    // The second comes while the first waits to go on.
    const later = Effect.delay(get(repo, "data/train.jsonl"), "150 millis")
    const [one, two] = await run(Effect.all([get(repo, "data/train.jsonl"), later], { concurrency: 2 }))
    expect([one, readFileSync(join(two, "data/train.jsonl")).equals(large)]).toEqual([two, true])
    expect(readdirSync(setFolder("blobs"))).toEqual([sha256(large)])
    expect(server.seen.filter((s) => s.storage).map((s) => s.headers.range)).toEqual([
      undefined,
      undefined,
      "bytes=1000-"
    ])
  })
  it("edge: a link that leads nowhere is replaced", async () => {
    mkdirSync(setFolder("snapshots", second), { recursive: true })
    symlinkSync("../../blobs/gone", setFolder("snapshots", second, "README.md"))
    expect(readFileSync(join(await run(get(repo, "README.md")), "README.md")).equals(small)).toBe(true)
    expect(readdirSync(setFolder("blobs"))).toEqual([gitSha1(small)])
  })
  it("edge: a link whose blob was deleted is filled again", async () => {
    await run(get(repo, "data/train.jsonl"))
    rmSync(setFolder("blobs", sha256(large)))
    expect(readFileSync(join(await run(get(repo, "data/train.jsonl")), "data/train.jsonl")).equals(large)).toBe(true)
  })
  it("law: the token goes to the hub, and never on to where it redirects", async () => {
    env["HF_TOKEN"] = token
    await run(get(repo, "data/train.jsonl"))
    expect(server.seen.map((s) => [s.storage, s.headers.authorization]).filter(([storage]) => storage)).toEqual([
      [true, undefined]
    ])
    expect(server.seen.filter((s) => !s.storage).every((s) => s.headers.authorization === `Bearer ${token}`)).toBe(true)
  })
  it("golden: a download that breaks off is continued where it stopped", async () => {
    server.faults.push({ on: "/cdn/", cutAt: 1000 }, { on: "/cdn/", cutAt: 2000 })
    const folder = await run(get(repo, "data/train.jsonl"))
    expect(readFileSync(join(folder, "data/train.jsonl")).equals(large)).toBe(true)
    expect(server.seen.filter((s) => s.storage).map((s) => s.headers.range)).toEqual([
      undefined,
      "bytes=1000-",
      "bytes=3000-"
    ])
    expect(readdirSync(setFolder("blobs"))).toEqual([sha256(large)])
  })
  it("golden: a body that ends early without an error is continued too", async () => {
    server.faults.push({ on: "/cdn/", body: large.subarray(0, 1500) })
    const folder = await run(get(repo, "data/train.jsonl"))
    expect(readFileSync(join(folder, "data/train.jsonl")).equals(large)).toBe(true)
    expect(server.seen.filter((s) => s.storage).map((s) => s.headers.range)).toEqual([undefined, "bytes=1500-"])
  })
  it("golden: what an ended process left is continued; what a running one receives is left alone", async () => {
    mkdirSync(setFolder("blobs"), { recursive: true })
    // Above every process number; the parent of this process runs.
    const [ended, running] = [`${sha256(large)}.4194999-0.incomplete`, `${sha256(large)}.${process.ppid}-0.incomplete`]
    writeFileSync(setFolder("blobs", ended), large.subarray(0, 700))
    writeFileSync(setFolder("blobs", running), large.subarray(0, 900))
    await run(get(repo, "data/train.jsonl"))
    expect(server.seen.filter((s) => s.storage).map((s) => s.headers.range)).toEqual(["bytes=700-"])
    expect(readdirSync(setFolder("blobs")).sort()).toEqual([sha256(large), running].sort())
  })
  it("edge: a hub without ranges sends all of it again, and it is not appended", async () => {
    server.faults.push({ on: "/cdn/", cutAt: 1000 }, { on: "/cdn/", ignoreRange: true })
    const folder = await run(get(repo, "data/train.jsonl"))
    expect(readFileSync(join(folder, "data/train.jsonl")).equals(large)).toBe(true)
  })
  it("edge: a spoilt remainder of an earlier process is thrown away, not believed", async () => {
    mkdirSync(setFolder("blobs"), { recursive: true })
    for (const left of [Buffer.alloc(500, 7), Buffer.alloc(large.length, 7), Buffer.alloc(large.length + 9, 7)]) {
      writeFileSync(setFolder("blobs", `${sha256(large)}.4194999-0.incomplete`), left)
      const folder = await run(get(repo, "data/train.jsonl"))
      expect(readFileSync(join(folder, "data/train.jsonl")).equals(large)).toBe(true)
      rmSync(setFolder("blobs", sha256(large)))
    }
  })
  it("law: at 429 it waits as long as the hub asks, and 5xx pass", async () => {
    server.faults.push(
      { on: "/revision/", status: 429, headers: { "retry-after": "0.8" } },
      { on: "/tree/", status: 429, headers: { ratelimit: '"api";r=0;t=1' } },
      { on: "/cdn/", status: 503 }
    )
    await run(get(repo, "data/train.jsonl"))
    const gap = (i: number) => server.seen[i + 1]!.at - server.seen[i]!.at
    // Without being asked it would wait half a second at most.
    expect([gap(0) > 790, gap(2) > 990]).toEqual([true, true])
    expect(server.seen.map((s) => s.url.replace(/[?].*|[0-9a-f]{40,}/g, ""))).toEqual([
      "/api/datasets/lab/set/revision/main",
      "/api/datasets/lab/set/revision/main",
      ...Array.from({ length: 4 }, () => "/api/datasets/lab/set/tree/"),
      ...[
        "/datasets/lab/set/resolve//data/train.jsonl",
        "/cdn/",
        "/datasets/lab/set/resolve//data/train.jsonl",
        "/cdn/"
      ]
    ])
  })
  it("law: progress is shown in bytes, and not at all when that is asked for", async () => {
    const lines: Array<string> = []
    const screen = {
      redraw: true,
      colour: false,
      columns: () => 80,
      write: (t: string) => Effect.sync(() => void lines.push(t))
    }
    const slow = Effect.provideService(get(repo, "data/train.jsonl"), Screens.CurrentScreen, screen)
    server.faults.push({ on: "/cdn/", cutAt: 30_000 })
    await run(slow)
    expect(lines.at(-1)).toBe("\r\u001b[K")
    expect(lines.some((l) => l.includes("data/train.jsonl: 0.0 MB of 0.0 MB"))).toBe(true)
    rmSync(setFolder(), { recursive: true })
    lines.length = 0
    env["HF_HUB_DISABLE_PROGRESS_BARS"] = "yes"
    server.faults.push({ on: "/cdn/", cutAt: 30_000 })
    await run(slow)
    expect(lines).toEqual([])
  })
})

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
  it("error: no hub at the address", async () => {
    env["HF_ENDPOINT"] = "http://127.0.0.1:9"
    const [kind, text] = await message(get(repo), 1)
    expect([kind, text.includes("127.0.0.1:9 cannot be reached")]).toEqual(["unavailable", true])
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
