import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { Tfjs } from "../../src/backends/tfjs/index.ts"
import type { Area } from "../../src/core/laws/index.ts"
import * as ops from "../../src/core/program/index.ts"
import { Programs, Steps } from "../../src/core/program/index.ts"
import { Backend } from "../../src/core/service/index.ts"
import { conformance } from "./conformance.ts"
import { tfjsNodeMissing } from "./tfjsNodePackage.ts"
import { losses, tensorLaws } from "./tfjsTensors.ts"

const areas: ReadonlyArray<Area> = ["operations", "programs", "memory", "errors"]

/** Handles of tensors in TensorFlow's library, of all that use it in this process. */
const handles = (): number => {
  const { binding } = tf.findBackend("tensorflow") as unknown as { binding: { getNumOfTensors: () => number } }
  return binding.getNumOfTensors()
}

const started = () => Effect.runPromise(Effect.scoped(Layer.build(Layer.fresh(Tfjs.node))))

const because = tfjsNodeMissing === undefined ? "" : ` (${tfjsNodeMissing})`

// Before anything of this process has loaded the package.
describe.skipIf(tfjsNodeMissing)(`the global engine beside tfjs-node${because}`, () => {
  it("law: who has chosen no backend gets the one that they would have got", async () => {
    await import("@tensorflow/tfjs-backend-cpu")
    await started()
    expect(tf.getBackend()).toBeNull()
    expect(Array.from(tf.square(tf.tensor1d([1, 2, 3])).dataSync())).toEqual([1, 4, 9])
    expect(tf.getBackend()).toBe("cpu")
    tf.disposeVariables()
  })

  it("law: by turns with another, each answers as alone, and the global engine keeps its backend and its tensors", async () => {
    await import("@tensorflow/tfjs-backend-wasm")
    await tf.setBackend("wasm")
    const mine = tf.tensor1d([1, 2, 3])
    const before = tf.memory().numTensors
    const layers = [Tfjs.cpu, Tfjs.node, Tfjs.node, Tfjs.cpu]
    const alone = [await losses(Tfjs.cpu), await losses(Tfjs.node)]
    expect(await Promise.all(layers.map(losses))).toEqual([alone[0], alone[1], alone[1], alone[0]])
    for (const [i, row] of alone[1]!.entries()) expect(row[0]).toBeCloseTo(alone[0]![i]![0]!, 5)
    expect([tf.getBackend(), tf.memory().numTensors]).toEqual(["wasm", before])
    expect(Array.from(tf.square(mine).dataSync())).toEqual([1, 4, 9])
    expect(tf.engine().registry["wasm"]?.numDataIds()).toBe(2)
  })

  it("law: a closed layer leaves no handle in TensorFlow's library", async () => {
    await losses(Tfjs.node)
    const before = handles()
    await losses(Tfjs.node)
    expect(handles()).toBe(before)
  })

  it("error: a step that TensorFlow finds no memory for says how much it was to take", async () => {
    const [rows, columns] = [2 ** 24, 2 ** 24]
    const step = Steps.stateless(Programs.fromExprs({ y: ops.sum(ops.exp(ops.full([rows, columns], 1))) }))
    const run = Effect.gen(function* () {
      const compiled = yield* Backend.use((b) => b.compile(step))
      return yield* Effect.flip(compiled.run({}))
    })
    const error = await Effect.runPromise(run.pipe(Effect.scoped, Effect.provide(Tfjs.node)))
    expect(error).toMatchObject({ trouble: { _tag: "OutOfMemory", predictedBytes: 8 * rows * columns } })
    expect(error.message).toContain("smaller batches")
  })
})

if (tfjsNodeMissing === undefined) {
  conformance("tfjs-node", Tfjs.node, "single", {}, areas)
  tensorLaws("tfjs-node", Tfjs.node)
} else it.skip(`backend: tfjs-node${because}`, () => undefined)
