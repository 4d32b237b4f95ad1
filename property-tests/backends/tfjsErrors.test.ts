import { expect, layer as suite } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { describe, it as test, vi } from "vitest"
import { BufferTooLarge, NoAdapter, OutOfDeviceMemory, Tfjs } from "../../src/backends/tfjs/index.ts"
import * as ops from "../../src/core/program/index.ts"
import { Programs, Steps } from "../../src/core/program/index.ts"
import { Backend, type BackendFailure } from "../../src/core/service/index.ts"
import { Tensors } from "../../src/core/tensor/index.ts"
import { softwareVulkan } from "./softwareVulkan.ts"

const absent = softwareVulkan()

/** WebGPU as a page has it: the only one of this process, since a second would end it. */
const page = await (async () => {
  const { create, globals } = await import("webgpu")
  Object.assign(globalThis, globals)
  return { gpu: create([]) }
})()
Object.defineProperty(globalThis, "navigator", { value: page, configurable: true })

const squares = (n: number) => Programs.fromExprs({ y: ops.sum(ops.exp(ops.mul(ops.input("x", [n]), 2))) })

const failed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => error as unknown as BackendFailure)

describe.skipIf(absent !== undefined)(`tfjs-webgpu errors${absent === undefined ? "" : ` (${absent})`}`, () => {
  suite(Tfjs.webgpuWith({ memoryBytes: 4096 }), { excludeTestServices: true })("device memory", (it) => {
    it.effect("error: a step that needs more than is free says how much, before it starts; a smaller one runs", () =>
      Effect.gen(function* () {
        const before = yield* Tfjs.tensorsHeld
        const large = yield* Backend.use((b) => b.compile(Steps.stateless(squares(5000))))
        const { trouble, cause, message } = yield* failed(large.run({ x: Tensors.full([5000], 0) }))
        expect(trouble).toEqual({ _tag: "OutOfMemory", predictedBytes: 40_000, availableBytes: 4096 })
        expect(cause).toBeInstanceOf(OutOfDeviceMemory)
        expect(message).toContain("40000")
        expect(yield* Tfjs.tensorsHeld).toBe(before)
        const small = yield* Backend.use((b) => b.compile(Steps.stateless(squares(8))))
        expect(Array.from((yield* small.run({ x: Tensors.full([8], 0) }))["y"]!.data)).toEqual([8])
      }).pipe(Effect.scoped)
    )
  })

  suite(Tfjs.webgpu, { excludeTestServices: true })("limits", (it) => {
    it.effect("error: a tensor larger than a buffer may be is named when its program is compiled", () =>
      Effect.gen(function* () {
        const huge = ops.named("logits", ops.full([2 ** 16, 2 ** 16], 0))
        const step = Steps.stateless(Programs.fromExprs({ y: ops.sum(huge) }))
        const { during, trouble, cause } = yield* failed(Backend.use((b) => b.compile(step)))
        expect([during, trouble?._tag]).toEqual(["compile", "TooLarge"])
        expect((cause as BufferTooLarge).message).toContain("logits")
        expect(cause).toBeInstanceOf(BufferTooLarge)
      }).pipe(Effect.scoped)
    )
  })
})

/** Runs something while `navigator` is another one. */
const browsing = async <A>(navigator: object, work: () => Promise<A>): Promise<A> => {
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true })
  try {
    return await work()
  } finally {
    Object.defineProperty(globalThis, "navigator", { value: page, configurable: true })
  }
}

describe.skipIf(absent !== undefined)("a device that goes away", () => {
  test("error: runs and memory say so from then on, and what to do", async () => {
    const adapter = (await page.gpu.requestAdapter())!
    const devices: Array<GPUDevice> = []
    const requestDevice = async (asked: GPUDeviceDescriptor) => {
      const device = await adapter.requestDevice(asked)
      devices.push(device)
      return device
    }
    const gpu = { requestAdapter: async () => ({ limits: adapter.limits, info: adapter.info, requestDevice }) }
    const story = Effect.gen(function* () {
      const memory = yield* Backend.use((b) => b.memory)
      const step = yield* Backend.use((b) => b.compile(Steps.stateless(squares(8))))
      const feeds = { x: Tensors.full([8], 0) }
      yield* memory.write(feeds)
      yield* step.run(feeds)
      devices[0]!.destroy()
      yield* Effect.promise(() => devices[0]!.lost)
      return [yield* failed(step.run(feeds)), yield* failed(memory.read(["x"])), yield* failed(memory.write(feeds))]
    }).pipe(Effect.scoped, Effect.provide(Tfjs.webgpu))
    const errors = await browsing({ gpu }, () => Effect.runPromise(story))
    expect(errors.map((e) => [e.during, e.trouble])).toEqual(
      ["run", "read", "write"].map((during) => [during, { _tag: "Lost" }])
    )
    expect(errors[0]!.message).toContain("checkpoint")
  })
})

describe("what is not there", () => {
  test("error: a page without an adapter is told what was looked for and what to do", async () => {
    const error = await browsing({ gpu: { requestAdapter: async () => null } }, () =>
      Effect.runPromise(Effect.scoped(Effect.flip(Layer.build(Tfjs.webgpu))))
    )
    expect(error.trouble).toEqual({ _tag: "NoDevice", lookedFor: ["asked for a high-performance one"] })
    expect(error.cause).toBeInstanceOf(NoAdapter)
    expect(error.message).toContain("Tfjs.wasm")
  })

  test("error: a missing package is named with the command that installs it", async () => {
    vi.doMock("@tensorflow/tfjs-backend-wasm", () => {
      throw new Error("Cannot find package")
    })
    const error = await Effect.runPromise(Effect.scoped(Effect.flip(Layer.build(Tfjs.wasm))))
    const missing = ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-wasm"]
    expect(error.trouble).toEqual({ _tag: "NotInstalled", missing })
    expect(error.message).toContain(`npm install ${missing.join(" ")}`)
  })
})
