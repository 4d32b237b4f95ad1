import { mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Effect, Result } from "effect"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { type AdapterFolder, publishAdapter } from "../../src/backends/server/index.ts"
import { AdapterConfigs, Adapters, merge } from "../../src/core/adapter/index.ts"
import type { Params } from "../../src/core/learner/index.ts"
import { Rng, Tensors } from "../../src/core/tensor/index.ts"
import { config, params, serve, settings, six, using } from "./subject.ts"

const server = await serve()
const folder = mkdtempSync(join(tmpdir(), "published-"))
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => server.reset())

const adapterOf = (json: object) =>
  Result.getOrThrow(
    Adapters.make(
      Result.getOrThrow(AdapterConfigs.fromJson({ peft_type: "LORA", task_type: "CAUSAL_LM", ...json })),
      config
    )
  )
const adapter = adapterOf({ r: 2, lora_alpha: 8, target_modules: ["q_proj", "down_proj"] })
/** Values far from those that change nothing. */
const valuesOf = (seed: number): Params =>
  Object.fromEntries(
    Object.entries(adapter.params).map(([name, { shape }]) => {
      const n = shape.reduce((a, b) => a * b, 1)
      return [name, Tensors.f32(Rng.normals(seed, name, n, 0.5), shape)]
    })
  )

const publishing = (options: Partial<AdapterFolder> = {}) =>
  publishAdapter({ adapter, folder, ...options }).pipe(Effect.provide(NodeFileSystem.layer))
const requests = Array.from({ length: 6 }, (_, i) => ({ prompt: [3 + i, 4], seed: i }))

describe("publishAdapter", () => {
  it("law: the server draws from base and adapter as merging them says, of each version its own", async () => {
    const publish = await Effect.runPromise(publishing({ scope: "policy/" }))
    await using(settings(server.url, { adapters: { publish } }), (sampler) =>
      Effect.gen(function* () {
        for (const version of [1, 2]) {
          const values = valuesOf(version)
          yield* sampler.follow(version, Effect.succeed({ ...params, ...Adapters.scoped("policy/", values) }))
          const found = yield* sampler.sample(requests, six)
          const merged = yield* Effect.promise(() => server.models.load(merge(adapter, params, values)))
          const spaced = requests.map(({ prompt, seed }) => ({ prompt, seed: seed * 256 }))
          const expected = yield* Effect.promise(() => merged.draw(spaced, six))
          const ofBase = yield* Effect.promise(() => server.base.draw(spaced, six))
          const tokens = (all: typeof found) => all.map(({ completion }) => completion)
          expect(tokens(found)).toEqual(tokens(expected))
          expect(tokens(found)).not.toEqual(tokens(ofBase))
        }
      })
    )
  })

  it("law: `keep` versions stay on disk", async () => {
    rmSync(folder, { recursive: true })
    renameSync(mkdtempSync(join(tmpdir(), "published-")), folder)
    const publish = await Effect.runPromise(publishing({ keep: 2 }))
    for (const version of [7, 8, 9, 9]) await Effect.runPromise(publish(version, valuesOf(1)))
    expect(readdirSync(folder).map((name) => name.slice(0, 7))).toEqual(["000009-", "000009-"])
  })

  it("golden: the path is the server's", async () => {
    const publish = await Effect.runPromise(publishing({ seenAs: "/mnt/adapters" }))
    expect(await Effect.runPromise(publish(3, valuesOf(1)))).toMatch(/^\/mnt\/adapters\/000003-\w+$/)
  })

  it("error: copies of whole modules, which no server loads", async () => {
    const copies = adapterOf({ r: 2, target_modules: ["q_proj"], modules_to_save: ["norm"] })
    const error = await Effect.runPromise(Effect.flip(publishing({ adapter: copies })))
    expect(error.message).toContain("Leave modules_to_save out")
  })

  it("error: parameters without the adapter's, and a folder that is none", async () => {
    const publish = await Effect.runPromise(publishing())
    expect((await Effect.runPromise(Effect.flip(publish(1, params)))).message).toContain("lora_A.weight")
    const nowhere = await Effect.runPromise(publishing({ folder: join(folder, "none") }))
    expect((await Effect.runPromise(Effect.flip(nowhere(1, valuesOf(1))))).message).toContain("cannot be stored")
  })
})
