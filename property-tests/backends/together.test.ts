import { Effect, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { Reference } from "../../src/backends/reference/index.ts"
import * as Laws from "../../src/core/laws/index.ts"
import { entries } from "../../src/experiments/backends/index.ts"
import { tfjsNodeMissing } from "./tfjsNodePackage.ts"

/** Those that need no device, and TensorFlow's own library where its package is installed. */
const names = [
  "reference",
  "onnx-cpu",
  "tfjs-cpu",
  "tfjs-wasm",
  ...(tfjsNodeMissing === undefined ? ["tfjs-node"] : [])
]
const here = entries.filter(({ name }) => names.includes(name))

const areas: ReadonlyArray<Laws.Area> = ["memory", "errors", "losses", "optimisers"]

/** Laws that a backend of its own breaks, each after the other, a turn to the others after each. */
const broken = (entry: (typeof here)[number]) =>
  Effect.gen(function* () {
    const { precision, deviations } = entry
    const layer = yield* Effect.promise(() => entry.load({ threads: undefined }))
    const laws = Laws.backend({ reference: Reference.layer, precision, deviations })
    const tried = laws.filter(({ area, deviation }) => areas.includes(area) && deviation === undefined)
    return yield* Effect.forEach(tried, ({ check }) =>
      Effect.yieldNow.pipe(
        Effect.andThen(check),
        Effect.match({ onSuccess: () => [], onFailure: ({ message }) => [message] })
      )
    ).pipe(
      Effect.map((found) => found.flat()),
      Effect.provide(Layer.fresh(layer))
    )
  })

describe("backends used at once in one process", () => {
  it("law: all of them, and two of each, keep their laws beside each other", async () => {
    const twice = [...here, ...here]
    const found = await Effect.runPromise(Effect.forEach(twice, broken, { concurrency: "unbounded" }))
    expect(found).toEqual(twice.map(() => []))
  })
})
