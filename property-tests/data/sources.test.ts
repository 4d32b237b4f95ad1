import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, type FileSystem, Schema } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { type Source, Sources } from "../../src/core/data/index.ts"

const run = <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem>) =>
  Effect.runPromise(effect.pipe(Effect.provide(NodeServices.layer)))
const folder = mkdtempSync(join(tmpdir(), "sources-"))
afterAll(() => rmSync(folder, { recursive: true }))
const tables = join(import.meta.dirname, "../../specs/fixtures/tables")

const Row = Schema.Struct({
  id: Schema.Int,
  small: Schema.Int,
  text: Schema.optionalKey(Schema.String),
  long: Schema.String,
  score: Schema.Finite,
  right: Schema.Boolean,
  tags: Schema.Array(Schema.String),
  label: Schema.Struct({ nums: Schema.Array(Schema.Int), target: Schema.Int }),
  turns: Schema.Array(Schema.Struct({ role: Schema.String, content: Schema.String }))
})
type Row = typeof Row.Type

/** What the writers' own library reads back; a null is an absent key here. */
const expected: ReadonlyArray<Row> = JSON.parse(readFileSync(join(tables, "expected.json"), "utf8"), (_, value) =>
  value === null ? undefined : value
)
const read = (source: Source) => run(Sources.readAll(source, Row))
const split = (home: string, name: string, within?: ReadonlyArray<string>) => run(Sources.split(home, name, within))

describe("Sources.file", () => {
  it("golden: the fixture holds what it should", () =>
    expect(expected.map((r) => r.tags.length)).toEqual([0, 1, 2, 3, 4]))
  for (const name of ["rows.parquet", "rows.arrow"])
    it(`golden: ${name} gives the rows that its writer reads back`, async () =>
      expect(await read(Sources.file(join(tables, name)))).toEqual(expected))

  const lines = expected.map((r) => `${JSON.stringify(r)}\n`).join("")
  it.each([
    ["rows.jsonl", lines],
    ["array.json", `\uFEFF\n ${JSON.stringify(expected, null, 2)}`],
    ["lines.json", lines]
  ])("law: %s of the same rows gives the same as Parquet and Arrow", async (name, text) => {
    const path = join(folder, name)
    writeFileSync(path, text)
    expect(await read(Sources.file(path))).toEqual(expected)
  })
  it.each(["[{", '[{"id": 1} 2]'])("error: an array that is cut or broken names the file: %s", async (text) => {
    const path = join(folder, "broken.json")
    writeFileSync(path, text)
    const error = await run(Effect.flip(Sources.readAll(Sources.file(path), Row)))
    expect([error._tag, error.message.includes(path), error.message.includes("fetch it again")]).toEqual([
      "FileError",
      true,
      true
    ])
  })

  for (const name of ["rows.parquet", "rows.arrow"])
    it(`error: a field of ${name} that does not fit names file, row and field`, async () => {
      const path = join(tables, name)
      const Strict = Schema.Struct({ text: Schema.String, tags: Schema.Array(Schema.Literals(["t0", "t1"])) })
      const error = await run(Effect.flip(Sources.readAll(Sources.file(path), Strict)))
      expect(error.message).toContain("3 of 5 rows")
      expect(error.message).toContain(`${path}, row 3, field "text"`)
      expect(error.message).toContain(`${path}, row 4, field "tags.2"`)
    })

  it("error: a column that is not there is missing from each row", async () => {
    const Other = Schema.Struct({ id: Schema.Int, nothing: Schema.String })
    const { errors, badRows } = await run(
      Sources.read(Sources.file(join(tables, "rows.parquet")), Other, { maxErrors: 1 })
    )
    expect([badRows, errors.map((e) => [e.line, e.kind, e.field])]).toEqual([5, [[1, "missing", "nothing"]]])
  })

  it.each([
    "rows.parquet",
    "rows.arrow",
    "lines.json"
  ])("golden: which columns %s has is told by its first row", async (name) => {
    const source = Sources.file(name === "lines.json" ? join(folder, name) : join(tables, name))
    expect(await run(Sources.columns(source, ["nothing", "label", "id"]))).toEqual(["label", "id"])
  })

  it("error: an integer beyond 2^53 is not rounded", async () => {
    const source: Source = Sources.file(join(tables, "big.parquet"))
    const error = await run(Effect.flip(Sources.readAll(source, Schema.Struct({ id: Schema.Int }))))
    expect(error.message).toContain('row 1, field "id"')
    expect(error.message).toContain("9007199254740993")
  })

  it.each([
    ["zstd.parquet", "unsupported compression codec: ZSTD"],
    ["none.parquet", "Cannot read"],
    ["none.arrow", "Cannot read"],
    ["rows.csv", "its ending is none of .jsonl"]
  ])("error: %s cannot be used, and the message says why", async (name, message) => {
    const error = await run(Effect.flip(Sources.readAll(Sources.file(join(tables, name)), Row)))
    expect([error._tag, error.message.includes(name), error.message.includes(message)]).toEqual([
      "FileError",
      true,
      true
    ])
  })

  it.each(["rows.parquet", "rows.arrow"])("error: %s cut short is refused, never read in part", async (name) => {
    const whole = readFileSync(join(tables, name))
    for (const share of [0, 0.01, 0.5, 0.9]) {
      const path = join(folder, `${share}-${name}`)
      writeFileSync(path, whole.subarray(0, Math.floor(share * whole.length)))
      const error = await run(Effect.flip(Sources.readAll(Sources.file(path), Row)))
      expect([error._tag, error.message.includes(path)]).toEqual(["FileError", true])
    }
  })

  it("error: a saved stream cut within its last batch is refused", async () => {
    const whole = readFileSync(join(tables, "saved/train/data-00000-of-00002.arrow"))
    for (const share of [0.5, 0.9, 0.99]) {
      const path = join(folder, `${share}.arrow`)
      writeFileSync(path, whole.subarray(0, Math.floor(share * whole.length)))
      const error = await run(Effect.flip(Sources.readAll(Sources.file(path), Row)))
      expect(error._tag).toBe("FileError")
    }
  })
})

describe("Sources.split", () => {
  it("golden: a folder saved with splits and shards is read in order", async () => {
    expect(await read(await split(join(tables, "saved"), "train"))).toEqual(expected)
    expect(await read(await split(join(tables, "saved"), "test"))).toEqual([expected[3]])
  })
  it("golden: published Parquet shards are read in order, from the sub-folder `data`", async () =>
    expect(await read(await split(join(tables, "sharded"), "train"))).toEqual(expected))
  it("error: a split that is not there is answered with what is there or was looked for", async () => {
    expect((await run(Effect.flip(Sources.split(join(tables, "saved"), "validation")))).message).toContain(
      'no split "validation", only train, test'
    )
    const error = await run(Effect.flip(Sources.split(folder, "dev", ["main"])))
    expect(error.message).toContain(
      "none of dev.jsonl, dev.jsonl.gz, dev.json, dev.parquet, dev.arrow, dev-00000-of-0000K.parquet, dev/0000.parquet"
    )
  })
  it("error: a missing shard is named, the others are not read as the whole", async () => {
    const home = join(folder, "part")
    mkdirSync(home)
    cpSync(join(tables, "sharded/data/train-00001-of-00002.parquet"), join(home, "train-00001-of-00002.parquet"))
    expect((await run(Effect.flip(Sources.split(home, "train")))).message).toContain("shard 0 of 2 is missing")
  })
  it("error: a saved folder whose file is gone names the file", async () => {
    const home = join(folder, "saved")
    cpSync(join(tables, "saved"), home, { recursive: true })
    rmSync(join(home, "train/data-00001-of-00002.arrow"))
    const error = await run(Effect.flip(Effect.flatMap(Sources.split(home, "train"), (s) => Sources.readAll(s, Row))))
    expect(error.message).toContain("data-00001-of-00002.arrow")
  })
})
