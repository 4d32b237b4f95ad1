import { describe, expect, it } from "vitest"
import { Tfjs } from "../../src/backends/tfjs/index.ts"
import { softwareVulkan } from "./softwareVulkan.ts"
import { losses, tensorLaws } from "./tfjsTensors.ts"

tensorLaws("tfjs-cpu", Tfjs.cpu)
tensorLaws("tfjs-wasm", Tfjs.wasm)
const absent = softwareVulkan()
if (absent === undefined) tensorLaws("tfjs-webgpu", Tfjs.webgpu)
else it.skip(`tensors: tfjs-webgpu (${absent})`, () => undefined)

describe("two backends at once", () => {
  it("law: they answer as each does alone, and the global engine keeps what it had", async () => {
    const tf = await import("@tensorflow/tfjs-core")
    await import("@tensorflow/tfjs-backend-cpu")
    await import("@tensorflow/tfjs-backend-wasm")
    await tf.setBackend("wasm")
    const before = tf.tidy(() => tf.memory().numTensors)
    const mine = tf.tensor1d([1, 2, 3])
    const layers = [Tfjs.cpu, Tfjs.wasm, Tfjs.wasm, Tfjs.cpu]
    const alone = [await losses(Tfjs.cpu), await losses(Tfjs.wasm)]
    const together = await Promise.all(layers.map(losses))
    expect(together).toEqual([alone[0], alone[1], alone[1], alone[0]])
    expect(Array.from(tf.square(mine).dataSync())).toEqual([1, 4, 9])
    expect([tf.getBackend(), tf.memory().numTensors - before]).toEqual(["wasm", 2])
    tf.disposeVariables()
  })
})
