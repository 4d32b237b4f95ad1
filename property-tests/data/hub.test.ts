import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { address, Hub } from "../../src/core/data/index.ts"
import { Screens } from "../../src/core/run/index.ts"
import { hubLayer } from "../../src/experiments/data/index.ts"
import { env, get, home, repo, run, server, setFolder } from "./hubCase.ts"
import { files, first, large, second, small } from "./hubRepos.ts"
import { gitSha1, LARGE, sha256, token } from "./hubServer.ts"

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
  it("edge: where links cannot be made the file itself lies under its path", async () => {
    const noLinks = Layer.effect(
      FileSystem.FileSystem,
      Effect.map(
        FileSystem.FileSystem,
        (fs) => ({ ...fs, symlink: (from: string) => fs.symlink(from, "/none/none") }) satisfies typeof fs
      )
    ).pipe(Layer.provide(NodeServices.layer))
    const folder = await Effect.runPromise(
      get(repo, "README.md").pipe(Effect.provide(hubLayer({ env, home })), Effect.provide(noLinks))
    )
    expect([lstatSync(join(folder, "README.md")).isFile(), readFileSync(join(folder, "README.md"), "utf8")]).toEqual([
      true,
      "small"
    ])
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
