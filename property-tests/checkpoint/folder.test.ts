import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, Result } from "effect"
import fc from "fast-check"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { type CheckpointRejected, choose, loadAll, loadStored, open, save } from "../../src/core/checkpoint/index.ts"
import { type Head, initialise, ModelConfigs, Safetensors } from "../../src/core/model/index.ts"
import { type Tensor, Tensors } from "../../src/core/tensor/index.ts"

const fixtures = join(import.meta.dirname, "../../specs/fixtures/checkpoints")
const root = mkdtempSync(join(tmpdir(), "checkpoints-"))
afterAll(() => rmSync(root, { recursive: true }))

const run = <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem>) =>
  Effect.runPromise(effect.pipe(Effect.provide(NodeServices.layer)))

/** Copies of the fixtures that tests may damage: one file, and shards. */
const single = join(root, "single")
const sharded = join(root, "sharded")
beforeEach(() => {
  for (const folder of [single, sharded]) rmSync(folder, { recursive: true, force: true })
  cpSync(join(fixtures, "qwen2-tied-f16"), single, { recursive: true })
  cpSync(join(fixtures, "llama3-shards-bf16"), sharded, { recursive: true })
})

const all = (folder: string, head: Head = "language") => Effect.flatMap(open(folder), (model) => loadAll(model, head))
const refusal = (folder: string, head: Head = "language"): Promise<CheckpointRejected> =>
  run(Effect.flip(all(folder, head)))

const change = (path: string, edit: (json: Record<string, unknown>) => unknown) =>
  writeFileSync(path, JSON.stringify(edit(JSON.parse(readFileSync(path, "utf8")))))

const weights = (edit: (tensors: Record<string, Tensor>) => unknown) => {
  const path = join(single, "model.safetensors")
  const tensors = { ...Result.getOrThrow(Safetensors.decode(readFileSync(path))).tensors }
  edit(tensors)
  writeFileSync(path, Safetensors.encode(tensors))
}
const point = (edit: (file: string) => string) =>
  change(join(sharded, "model.safetensors.index.json"), (index) => ({
    weight_map: Object.fromEntries(
      Object.entries(index["weight_map"] as Record<string, string>).map(([name, file]) => [name, edit(file)])
    )
  }))
const shard = "model-00002-of-00003.safetensors"

const cases: ReadonlyArray<
  readonly [claim: string, kind: string, message: RegExp, folder: string, damage: () => void]
> = [
  [
    "no config",
    "missing",
    /config\.json: there is no such file\. Give the folder/,
    single,
    () => rmSync(join(single, "config.json"))
  ],
  [
    "no weights",
    "missing",
    /neither this file nor model\.safetensors\.index\.json/,
    single,
    () => rmSync(join(single, "model.safetensors"))
  ],
  [
    "pickled weights alone",
    "missing",
    /pickled: load and save it once/,
    single,
    () => {
      rmSync(join(single, "model.safetensors"))
      writeFileSync(join(single, "pytorch_model.bin"), "")
    }
  ],
  ["a shard away", "missing", /00002-of-00003.*no such file/, sharded, () => rmSync(join(sharded, shard))],
  [
    "config.json no JSON",
    "malformed",
    /config\.json: is no JSON/,
    single,
    () => writeFileSync(join(single, "config.json"), "{")
  ],
  [
    "an unknown family",
    "unsupported",
    /model_type: "mamba" is not one of/,
    single,
    () => change(join(single, "config.json"), (c) => ({ ...c, model_type: "mamba" }))
  ],
  [
    "settings of sampling that mean nothing",
    "malformed",
    /generation_config\.json/,
    single,
    () => writeFileSync(join(single, "generation_config.json"), '{"temperature":"hot"}')
  ],
  [
    "a tensor missing",
    "mismatch",
    /no file of it holds the tensor model\.norm\.weight/,
    single,
    () => weights((t) => delete t["model.norm.weight"])
  ],
  [
    "more layers than a machine could list",
    "mismatch",
    /config\.json: it asks for 1000000000 layers, and the files hold \d+ tensors/,
    single,
    () => change(join(single, "config.json"), (c) => ({ ...c, num_hidden_layers: 1e9 }))
  ],
  [
    "a surplus layer",
    "mismatch",
    /it holds model\.layers\.2\.input_layernorm\.weight, which no model/,
    single,
    () => weights((t) => Object.assign(t, { "model.layers.2.input_layernorm.weight": Tensors.full([8], 1) }))
  ],
  [
    "another shape",
    "mismatch",
    /model\.norm\.weight is \[4\], config\.json makes it \[8\]/,
    single,
    () => weights((t) => Object.assign(t, { "model.norm.weight": Tensors.full([4], 1) }))
  ],
  [
    "weights of integers",
    "unsupported",
    /model\.norm\.weight is stored as I32/,
    single,
    () => weights((t) => Object.assign(t, { "model.norm.weight": Tensors.i32(Array(8).fill(1), [8]) }))
  ],
  [
    "an index that is none",
    "malformed",
    /is no index of shards/,
    sharded,
    () => writeFileSync(join(sharded, "model.safetensors.index.json"), "[]")
  ],
  ["an index that swaps shards", "mismatch", /though the index says so/, sharded, () => point(() => shard)],
  [
    "a directory in a file's place",
    "malformed",
    /no file but a Directory/,
    sharded,
    () => {
      rmSync(join(sharded, shard))
      mkdirSync(join(sharded, shard))
    }
  ],
  [
    "a link out of the folder",
    "unsafe",
    /is a link to .*outside its folder/,
    sharded,
    () => {
      rmSync(join(sharded, shard))
      symlinkSync(join(fixtures, "llama3-shards-bf16", shard), join(sharded, shard))
    }
  ],
  ...["../x.safetensors", "/etc/x.safetensors", "a/b.safetensors", "..\\x.safetensors", "c:x.safetensors", "x.bin"].map(
    (name) => [`a shard named ${name}`, "unsafe", /no plain name/, sharded, () => point(() => name)] as const
  )
]

describe("open", () => {
  it.each(cases)("error: %s", async (_, kind, message, folder, damage) => {
    damage()
    const error = await refusal(folder)
    expect([error._tag, error.kind]).toEqual(["CheckpointRejected", kind])
    expect(error.message).toMatch(message)
    expect(error.message).toContain(folder)
  })

  it("edge: in a hub's cache a snapshot links to blobs, and to nothing else", async () => {
    const repo = join(root, "models--a--b")
    const snapshot = join(repo, "snapshots", "0".repeat(40))
    mkdirSync(snapshot, { recursive: true })
    mkdirSync(join(repo, "blobs"))
    for (const name of readdirSync(single)) {
      cpSync(join(single, name), join(repo, "blobs", `blob-${name}`))
      symlinkSync(`../../blobs/blob-${name}`, join(snapshot, name))
    }
    expect(Object.keys(await run(all(snapshot)))).toHaveLength(26)
    rmSync(join(snapshot, "config.json"))
    symlinkSync(join(single, "config.json"), join(snapshot, "config.json"))
    expect((await refusal(snapshot)).kind).toBe("unsafe")
  })

  it("edge: a copy of a tied head, and another head, are left alone", async () => {
    weights((t) =>
      Object.assign(t, { "lm_head.weight": t["model.embed_tokens.weight"], "score.weight": Tensors.full([1, 8], 0) })
    )
    const model = await run(open(single))
    expect((await run(choose(model, "language"))).ignored.toSorted()).toEqual(["lm_head.weight", "score.weight"])
    expect((await run(choose(model, "reward"))).loaded).toContain("score.weight")
  })

  it("edge: the bias of a reward head is 0, or the head is refused", async () => {
    const head = (bias: number) => ({ "score.weight": Tensors.full([1, 8], 1), "score.bias": Tensors.full([1], bias) })
    weights((t) => Object.assign(t, head(0)))
    expect(Object.keys(await run(all(single, "reward")))).not.toContain("score.bias")
    weights((t) => Object.assign(t, head(0.5)))
    expect((await refusal(single, "reward")).message).toMatch(/score\.bias is not 0.*Set it to 0/)
    expect(Object.keys(await run(all(single)))).toHaveLength(26)
  })

  it("error: a reward head that is not there says how to go on", async () => {
    expect((await refusal(single, "reward")).message).toMatch(/no reward head score\.weight\. Load it with head none/)
  })
})

describe("damaged weight files", () => {
  it("law: a file with any bytes changed or cut is read or refused, and allocates no more than it holds", async () => {
    const path = join(single, "model.safetensors")
    const whole = readFileSync(path)
    const headerEnd = 8 + Number(whole.readBigUInt64LE())
    const damage = fc.record({
      at: fc.oneof({ weight: 3, arbitrary: fc.nat(headerEnd) }, { weight: 1, arbitrary: fc.nat(7) }),
      to: fc.uint8Array({ minLength: 1, maxLength: 8 }),
      cut: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(whole.length) })
    })
    let refused = 0
    let largest = 0
    /** The file system, told of the size of each buffer that a file is read into. */
    const watched = Effect.map(
      FileSystem.FileSystem,
      (fs): FileSystem.FileSystem => ({
        ...fs,
        open: (...args) =>
          Effect.map(fs.open(...args), (file) => ({
            [FileSystem.FileTypeId]: FileSystem.FileTypeId,
            stat: file.stat,
            sync: file.sync,
            seek: (offset, from) => file.seek(offset, from),
            readAlloc: (size, options) => file.readAlloc(size, options),
            truncate: (length) => file.truncate(length),
            write: (bytes) => file.write(bytes),
            writeAll: (bytes) => file.writeAll(bytes),
            read: (buffer, options) => {
              largest = Math.max(largest, buffer.buffer.byteLength)
              return file.read(buffer, options)
            }
          }))
      })
    )
    const outcome = (bytes: Uint8Array) => {
      writeFileSync(path, bytes)
      return run(Effect.result(all(single)).pipe(Effect.provideServiceEffect(FileSystem.FileSystem, watched)))
    }
    await fc.assert(
      fc.asyncProperty(damage, async ({ at, to, cut }) => {
        const bytes = Buffer.from(whole)
        bytes.set(to.subarray(0, bytes.length - at), at)
        const result = await outcome(bytes.subarray(0, bytes.length - cut))
        expect(largest).toBeLessThanOrEqual(whole.length)
        if (Result.isSuccess(result)) return
        refused++
        expect(result.failure._tag).toBe("CheckpointRejected")
        expect(result.failure.message).toContain(single)
      }),
      { seed: 42, numRuns: 300 }
    )
    expect(refused).toBeGreaterThan(200)
  })
})

describe("save", () => {
  const config = Result.getOrThrow(
    ModelConfigs.fromJson({
      model_type: "qwen3",
      vocab_size: 11,
      hidden_size: 6,
      intermediate_size: 5,
      num_hidden_layers: 2,
      num_attention_heads: 3,
      num_key_value_heads: 1,
      head_dim: 4
    })
  )

  it("law: opening what was saved gives the same model, whatever the size of the files", async () => {
    let count = 0
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3000 }),
        fc.constantFrom("language" as const, "reward" as const),
        async (shardBytes, head) => {
          const params = initialise(config, shardBytes, head)
          const to = join(root, `saved-${count++}`)
          const parameter = (name: string) => Effect.succeed(params[name]!)
          const { files } = await run(save(to, { config, head, parameter }, { shardBytes }))
          expect(readdirSync(to).toSorted()).toEqual([...files].toSorted())
          const model = await run(open(to))
          expect(model.config).toEqual(config)
          const back = await run(loadAll(model, head))
          for (const [name, tensor] of Object.entries(params)) expect(back[name], name).toEqual(tensor)
        }
      ),
      { seed: 42, numRuns: 25 }
    )
  })

  it("error: what fails leaves nothing behind, and a folder is never written over", async () => {
    const to = join(root, "fails")
    const parameter = (name: string) =>
      name === "model.norm.weight" ? Effect.fail("gone" as const) : Effect.succeed(initialise(config, 1)[name]!)
    expect(await run(Effect.flip(save(to, { config, head: "language", parameter })))).toBe("gone")
    expect(readdirSync(root).filter((name) => name.startsWith("fails"))).toEqual([])
    const there = await run(Effect.flip(save(single, { config, head: "language", parameter })))
    expect(there).toMatchObject({ kind: "storage", fix: "Give a new folder, or remove this one" })
  })
})

describe("a head of another kind", () => {
  it("law: tensors beside the decoder's are saved, in shards, and read back to rounding", async () => {
    const { config } = await run(open(single))
    const params: Readonly<Record<string, Tensor>> = {
      ...initialise(config, 3, "reward"),
      "potential.weight": Tensors.full([1, config.hidden_size], 0.5)
    }
    const folder = join(root, "heads")
    const parameter = (name: string) => Effect.succeed(params[name]!)
    await run(save(folder, { config, head: "reward", parameter, parameters: params }, { shardBytes: 2000 }))
    expect(readdirSync(folder)).toContain("model.safetensors.index.json")
    const stored = await run(Effect.flatMap(open(folder), loadStored))
    expect(Object.keys(stored).sort()).toEqual([...Object.keys(params), "score.bias"].sort())
    for (const [name, { data }] of Object.entries(params)) expect(stored[name]!.data, name).toEqual(data)
    expect((await refusal(folder, "reward")).message).toContain("potential.weight")
  })

  it("edge: without score.weight no bias is made up for it", async () => {
    const { config } = await run(open(single))
    const params = { "verifier/score.weight": Tensors.full([1, config.hidden_size], 1) }
    const folder = join(root, "verifier")
    const parameter = () => Effect.succeed(params["verifier/score.weight"])
    await run(save(folder, { config, head: "reward", parameter, parameters: params }))
    expect(Object.keys(await run(Effect.flatMap(open(folder), loadStored)))).toEqual(["verifier/score.weight"])
  })
})
