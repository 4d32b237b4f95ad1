import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { hubLayer } from "../../src/experiments/data/index.ts"
import { findModel, readModel } from "../../src/experiments/models/index.ts"
import { modelFolder } from "../experiments/modelFolder.ts"
import { folder } from "../experiments/tiny.ts"

const root = folder()
const base = await modelFolder(join(root, "base"))
const stored = join(import.meta.dirname, "../../specs/fixtures/adapters/names")

const run = <A, E>(effect: Effect.Effect<A, E, Effect.Services<ReturnType<typeof readModel>>>) =>
  Effect.runPromise(
    effect.pipe(
      Effect.provide(hubLayer()),
      Effect.provide(NodeHttpClient.layerNodeHttp),
      Effect.provide(NodeServices.layer)
    )
  )
const read = (path: string) => run(Effect.flatMap(findModel(path), (found) => readModel(found)))
const refusal = (path: string) => run(Effect.flip(Effect.flatMap(findModel(path), (found) => readModel(found))))

/** An adapter's folder that names a base. */
const adapter = (name: string, named: unknown) => {
  const path = join(root, name)
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path)
  cpSync(stored, path, { recursive: true })
  const file = join(path, "adapter_config.json")
  const config = JSON.parse(readFileSync(file, "utf8"))
  writeFileSync(file, JSON.stringify({ ...config, base_model_name_or_path: named }))
  return path
}

describe("an adapter's folder", () => {
  it("golden: is its base with the adapter", async () => {
    const path = adapter("good", base)
    expect(await read(path)).toMatchObject({ folder: base, adapter: { folder: path, base } })
  })

  it("error: over an adapter, itself included, only one of which would be applied", async () => {
    const below = adapter("below", base)
    const above = adapter("above", below)
    const own = adapter("own", join(root, "own"))
    for (const path of [above, own]) {
      const error = await refusal(path)
      expect(error._tag).toBe("BadModelFolder")
      expect(error.message).toMatch(/is an adapter itself\. Merge that one into its own base first/)
    }
  })

  it("error: without a base, with one that is away, and without its weights", async () => {
    expect((await refusal(adapter("none", null))).message).toMatch(/does not say the base.*Name there the folder/s)
    const gone = await refusal(adapter("gone", "/nowhere/base"))
    expect(gone.message).toMatch(/gone\/adapter_config\.json: its base \/nowhere\/base .* is not here.*Name there/)
    const path = adapter("bare", base)
    rmSync(join(path, "adapter_model.safetensors"))
    expect((await refusal(path)).message).toMatch(
      /adapter_model\.safetensors: there is no such file\. An adapter is both/
    )
  })

  it("error: links out of the folder, to a device without an end as well, are not followed", async () => {
    const path = adapter("linked", base)
    rmSync(join(path, "adapter_model.safetensors"))
    symlinkSync("/dev/zero", join(path, "adapter_model.safetensors"))
    expect(await refusal(path)).toMatchObject({ _tag: "CheckpointRejected", kind: "unsafe" })
  })
})

describe("a model's folder", () => {
  it.each([
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja"
  ])("error: %s that is a link out of the folder, or no file", async (name) => {
    const path = join(root, `model ${name}`)
    cpSync(base, path, { recursive: true })
    rmSync(join(path, name), { force: true })
    symlinkSync("/dev/zero", join(path, name))
    expect(await refusal(path)).toMatchObject({ _tag: "CheckpointRejected", kind: "unsafe", file: `${path}/${name}` })
    rmSync(join(path, name))
    mkdirSync(join(path, name))
    expect(await refusal(path)).toMatchObject({ _tag: "CheckpointRejected", kind: "malformed" })
  })
})
