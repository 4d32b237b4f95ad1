import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, type FileSystem, type Scope } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { Reference } from "../../src/backends/reference/index.ts"
import { fromMemory, loadAll, loadInto, open, save } from "../../src/core/checkpoint/index.ts"
import { paramName } from "../../src/core/optim/index.ts"
import { Backend, type Memory } from "../../src/core/service/index.ts"
import { Shapes } from "../../src/core/tensor/index.ts"

const folder = join(import.meta.dirname, "../../specs/fixtures/checkpoints/llama3-shards-bf16")
const root = mkdtempSync(join(tmpdir(), "checkpoint-memory-"))
afterAll(() => rmSync(root, { recursive: true }))

const run = <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem | Backend | Scope.Scope>) =>
  Effect.runPromise(Effect.scoped(effect).pipe(Effect.provide(Reference.layer), Effect.provide(NodeServices.layer)))

describe("loadInto", () => {
  it("law: parameters go to the memory one by one, and what is reported is what it then holds", async () => {
    const writes: Array<ReadonlyArray<string>> = []
    const { needs, bytes, names } = await run(
      Effect.gen(function* () {
        const inner = yield* (yield* Backend).memory
        const memory: Memory = {
          ...inner,
          write: (tensors) =>
            Effect.andThen(
              Effect.sync(() => writes.push(Object.keys(tensors))),
              inner.write(tensors)
            )
        }
        const needs = yield* loadInto(memory, yield* open(folder), "language", "critic/")
        const names = yield* memory.names
        const held = Object.values(yield* memory.read(names))
        return { needs, names, bytes: held.reduce((sum, { shape }) => sum + 4 * Shapes.size(shape), 0) }
      })
    )
    expect(writes.every((one) => one.length === 1)).toBe(true)
    expect(writes.flat().toSorted()).toEqual(names)
    expect(names).toContain(paramName("model.norm.weight", "critic/"))
    expect([needs.tensors, needs.heldBytes]).toEqual([names.length, bytes])
  })
})

describe("fromMemory", () => {
  it("law: a model saved from a memory is the one that was loaded into it", async () => {
    const to = join(root, "copy")
    const [before, after] = await run(
      Effect.gen(function* () {
        const memory = yield* (yield* Backend).memory
        const model = yield* open(folder)
        yield* loadInto(memory, model)
        yield* save(to, { config: model.config, head: "language", parameter: fromMemory(memory) })
        return [yield* loadAll(model), yield* loadAll(yield* open(to))]
      })
    )
    expect(Object.keys(after!).toSorted()).toEqual(Object.keys(before!).toSorted())
    for (const [name, tensor] of Object.entries(before!)) expect(after![name], name).toEqual(tensor)
  })
})
