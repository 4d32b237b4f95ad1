import { appendFileSync, mkdtempSync, rmSync, truncateSync, utimesSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { expect, layer as suite } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import { afterAll } from "vitest"
import { Onnx } from "../../src/backends/onnx/index.ts"
import { Reference } from "../../src/backends/reference/index.ts"
import { loadAll, mapInto, open, save } from "../../src/core/checkpoint/index.ts"
import { difference } from "../../src/core/laws/backend/index.ts"
import { forward, initialise, logits, ModelConfigs, parameterSpecs } from "../../src/core/model/index.ts"
import { paramName } from "../../src/core/optim/index.ts"
import * as ops from "../../src/core/program/index.ts"
import { input, Programs, Steps } from "../../src/core/program/index.ts"
import { Backend, type Links, type Memory } from "../../src/core/service/index.ts"
import { Tensors } from "../../src/core/tensor/index.ts"

const root = mkdtempSync(join(tmpdir(), "linked-"))
afterAll(() => rmSync(root, { recursive: true }))

const config = Result.getOrThrow(
  ModelConfigs.fromJson({
    model_type: "qwen2",
    vocab_size: 48,
    hidden_size: 32,
    intermediate_size: 64,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    tie_word_embeddings: true,
    initializer_range: 0.3
  })
)
const table = "model.embed_tokens.weight"
const names = Object.keys(parameterSpecs(config))

/** A checkpoint of the model, with files that nobody else uses. */
const checkpoint = (format: "F32" | "F16" | "BF16") =>
  Effect.gen(function* () {
    const folder = mkdtempSync(join(root, `${format}-`))
    rmSync(folder, { recursive: true })
    const params = initialise(config, 5)
    yield* save(
      folder,
      { config, head: "language", parameter: (name) => Effect.succeed(params[name]!) },
      { format, shardBytes: 6000 }
    )
    return yield* open(folder)
  })

const ids = Tensors.i32([3, 1, 4, 1, 5, 9], [2, 3])
const step = (() => {
  const params = Object.fromEntries(
    Object.entries(parameterSpecs(config)).map(([name, { shape }]) => [name, input(paramName(name), shape)])
  )
  const { hidden } = forward(config, params, input("ids", [2, 3], "i32"))
  const program = Programs.fromExprs({ logits: logits(config, params, hidden) })
  return Steps.make({ program, resident: names.map((name) => paramName(name)), carry: [], guard: [] })
})()

/** The same memory, with the names that are read from files as they are read. */
const watched = (memory: Memory, seen: Array<string>): Memory => ({
  ...memory,
  link: (links: Links) =>
    memory.link(
      Object.fromEntries(
        Object.entries(links).map(([name, link]) => {
          const read = Effect.andThen(
            Effect.sync(() => seen.push(name)),
            link.read
          )
          return [name, { ...link, read }]
        })
      )
    )
})

const tolerance = { relative: 1e-5, absolute: 1e-6, reason: "single precision" }

/** A checkpoint whose tensors a new memory has as links. */
const linkedModel = Effect.gen(function* () {
  const model = yield* checkpoint("F32")
  const { memory, compile } = yield* Backend
  const held = yield* memory
  yield* mapInto(held, model)
  return { model, compile, held }
})

const at = paramName(table)

/** The first three rows of the table, doubled. */
const rows = Steps.make({
  program: Programs.fromExprs({ y: ops.mul(input(paramName(table), [3, 32]), 2) }),
  resident: [paramName(table)],
  carry: [],
  guard: []
})

for (const [backend, layer] of [
  ["reference", Reference.layer],
  ["onnx-cpu", Onnx.cpu],
  ["onnx-cpu with packing", Onnx.cpuWith({ packing: true })]
] as const) {
  suite(Layer.merge(layer, NodeServices.layer), { excludeTestServices: true })(`linked tensors: ${backend}`, (it) => {
    for (const format of ["F32", "F16", "BF16"] as const) {
      it.effect(`law: what lies in a file as ${format} is computed with as if it had been read`, () =>
        Effect.gen(function* () {
          const model = yield* checkpoint(format)
          const { memory, compile } = yield* Backend
          const [plain, linked] = [yield* memory, yield* memory]
          const all = yield* loadAll(model)
          yield* plain.write(Object.fromEntries(names.map((name) => [paramName(name), all[name]!])))
          const seen: Array<string> = []
          yield* mapInto(watched(linked, seen), model)
          expect(yield* linked.names).toEqual(yield* plain.names)
          const expected = yield* (yield* compile(step, { memory: plain })).run({ ids })
          const frozen = yield* compile(step, { memory: linked, freeze: step.resident })
          const found = yield* frozen.run({ ids })
          expect(difference(found["logits"]!, expected["logits"]!, tolerance)).toBeUndefined()
          // The engine maps single floats; everything else is read, once each.
          const mapped = backend !== "reference" && format === "F32"
          expect(seen.toSorted()).toEqual(mapped ? [] : step.resident.toSorted())
          const fed = yield* (yield* compile(step, { memory: linked })).run({ ids })
          expect(difference(fed["logits"]!, expected["logits"]!, tolerance)).toBeUndefined()
          expect(seen.length).toBe(names.length)
        })
      )
    }

    it.effect("law: a write takes the place of a link, and a frozen program keeps what was linked", () =>
      Effect.gen(function* () {
        const { model, compile, held } = yield* linkedModel
        const stored = (yield* held.read([at]))[at]!
        const frozen = yield* compile(rows, { memory: held, freeze: [at] })
        const fresh = yield* compile(rows, { memory: held })
        yield* held.write({ [at]: Tensors.full(stored.shape, 1) })
        const before = Array.from(stored.data.subarray(0, 96), (x) => 2 * x)
        expect(Array.from((yield* frozen.run({}))["y"]!.data)).toEqual(before)
        expect((yield* fresh.run({}))["y"]!.data.every((x) => x === 2)).toBe(true)
        yield* mapInto(held, model)
        expect(Array.from((yield* fresh.run({}))["y"]!.data)).toEqual(before)
        yield* held.remove([at])
        expect(yield* held.names).not.toContain(at)
        expect(yield* Effect.flip(held.read([at]))).toMatchObject({ _tag: "BadFeed", name: at })
      })
    )

    const damages: ReadonlyArray<readonly [claim: string, damage: (file: string) => void, says: RegExp]> = [
      ["has vanished", (file) => rmSync(file), /vanished/],
      ["has grown", (file) => appendFileSync(file, "x"), /changed/],
      ["is cut", (file) => truncateSync(file, 100), /changed/],
      ["was written again", (file) => utimesSync(file, 1, 1), /changed/]
    ]
    for (const [claim, damage, says] of damages) {
      it.effect(`error: a file that ${claim} since is named, at each use`, () =>
        Effect.gen(function* () {
          const { model, compile, held } = yield* linkedModel
          const lazy = backend === "reference"
          const early = lazy ? undefined : yield* compile(rows, { memory: held, freeze: [at] })
          const { file } = model.stored[table]!
          damage(join(model.folder, file))
          const refused = [
            yield* Effect.flip(compile(rows, { memory: held, freeze: [at] })),
            yield* Effect.flip(held.read([at])),
            ...(early === undefined ? [] : [yield* Effect.flip(early.run({}))])
          ]
          for (const error of refused) {
            expect(error).toMatchObject({ _tag: "BadFeed", message: expect.stringMatching(says) })
            expect(error.message).toContain(file)
          }
        })
      )
    }

    it.effect("error: a program that reads another shape than the file holds is refused", () =>
      Effect.gen(function* () {
        const { compile, held } = yield* linkedModel
        const wide = Steps.make({
          ...rows,
          program: Programs.fromExprs({ y: ops.mul(input(at, [3, 31]), 2) })
        })
        const refused = yield* Effect.flip(compile(wide, { memory: held, freeze: [at] }))
        expect(refused).toMatchObject({ _tag: "BadFeed", name: at })
      })
    )
  })
}
