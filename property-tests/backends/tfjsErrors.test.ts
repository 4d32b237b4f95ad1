import { expect, layer as suite } from "@effect/vitest"
import { Effect, Layer, type Scope } from "effect"
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

/** A program with values of 1 GiB: software Vulkan allows buffers of that size, and has no room for one. */
const wide = Programs.fromExprs({ y: ops.slice(ops.cumSum(ops.expand(ops.input("x", [1]), [2 ** 28]), 0), 0, 0, 1) })

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
        const memory = yield* Backend.use((b) => b.memory)
        const full = yield* failed(memory.write({ x: Tensors.full([5000], 0) }))
        expect([full.during, full.trouble]).toEqual([
          "write",
          { _tag: "OutOfMemory", predictedBytes: 20_000, availableBytes: 4096 }
        ])
        expect(yield* memory.names).toEqual([])
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

    it.effect("law: more groups of invocations than one dimension takes are spread over several", () =>
      Effect.gen(function* () {
        // 65 536 groups of 64, one more than the limit.
        const n = 2 ** 22
        const step = yield* Backend.use((b) =>
          b.compile(Steps.stateless(Programs.fromExprs({ y: ops.mul(ops.input("x", [n]), 2) })))
        )
        const { y } = yield* step.run({
          x: Tensors.f32(
            Float32Array.from({ length: n }, (_, i) => i),
            [n]
          )
        })
        expect(y!.data.findIndex((found, i) => found !== 2 * i)).toBe(-1)
      }).pipe(Effect.scoped)
    )

    it.effect("error: an operation without a kernel is named", () =>
      Effect.gen(function* () {
        const strange = ops.apply({ _tag: "Frobnicate" } as never, [ops.input("x", [2])], [2], "f32")
        const step = Steps.stateless(Programs.fromExprs({ strange }))
        const error = yield* Effect.flip(Backend.use((b) => b.compile(step)))
        expect(error).toMatchObject({ _tag: "UnsupportedOp", backend: "tfjs-webgpu", op: "Frobnicate", node: 1 })
      }).pipe(Effect.scoped)
    )

    it.effect("error: a tensor larger than a buffer may be is not written", () =>
      Effect.gen(function* () {
        const memory = yield* Backend.use((b) => b.memory)
        const cache = { dtype: "f32", shape: [2 ** 14, 2 ** 15], data: { length: 2 ** 29 } as Float32Array } as const
        const { during, trouble } = yield* failed(memory.write({ cache }))
        const limit = 2 ** 30
        expect([during, trouble]).toEqual(["write", { _tag: "TooLarge", what: "cache", bytes: 2 ** 31, limit }])
        expect(yield* memory.names).toEqual([])
      }).pipe(Effect.scoped)
    )

    it.effect("error: a step that the device has no room for says how much it needs, and the next one runs", () =>
      Effect.gen(function* () {
        const step = yield* Backend.use((b) => b.compile(Steps.stateless(wide)))
        const { during, trouble, cause } = yield* failed(step.run({ x: Tensors.f32([1], [1]) }))
        expect([during, trouble]).toEqual(["run", { _tag: "OutOfMemory", predictedBytes: 2 ** 31 }])
        expect(cause).toBeInstanceOf(OutOfDeviceMemory)
        const small = yield* Backend.use((b) => b.compile(Steps.stateless(squares(8))))
        expect(Array.from((yield* small.run({ x: Tensors.full([8], 0) }))["y"]!.data)).toEqual([8])
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

/** Tells a story on `Tfjs.webgpu`, in which `lose` ends the device; its promise says when that is known. */
const onFragileDevice = async <A>(
  story: (lose: () => Promise<unknown>) => Effect.Effect<A, unknown, Backend | Scope.Scope>
): Promise<A> => {
  const adapter = (await page.gpu.requestAdapter())!
  const { promise: given, resolve } = Promise.withResolvers<GPUDevice>()
  const requestDevice = async (asked: GPUDeviceDescriptor) => {
    const device = await adapter.requestDevice(asked)
    resolve(device)
    return device
  }
  const lose = async () => {
    const device = await given
    device.destroy()
    return device.lost
  }
  const gpu = { requestAdapter: async () => ({ limits: adapter.limits, info: adapter.info, requestDevice }) }
  const told = story(lose).pipe(Effect.scoped, Effect.provide(Layer.fresh(Tfjs.webgpu)))
  return browsing({ gpu }, () => Effect.runPromise(told))
}

describe.skipIf(absent !== undefined)("a device that goes away", () => {
  const feeds = { x: Tensors.full([8], 0) }

  test("error: runs and memory say so from then on, and what to do", async () => {
    const errors = await onFragileDevice((lose) =>
      Effect.gen(function* () {
        const memory = yield* Backend.use((b) => b.memory)
        const step = yield* Backend.use((b) => b.compile(Steps.stateless(squares(8))))
        yield* memory.write(feeds)
        yield* step.run(feeds)
        yield* Effect.promise(lose)
        return [yield* failed(step.run(feeds)), yield* failed(memory.read(["x"])), yield* failed(memory.write(feeds))]
      })
    )
    expect(errors.map((e) => [e.during, e.trouble])).toEqual(
      ["run", "read", "write"].map((during) => [during, { _tag: "Lost" }])
    )
    expect(errors[0]!.message).toContain("checkpoint")
  })

  test("error: a run under way says so too, and a layer built anew goes on", async () => {
    const { mapAsync } = GPUBuffer.prototype
    const error = await onFragileDevice((lose) =>
      Effect.gen(function* () {
        const step = yield* Backend.use((b) => b.compile(Steps.stateless(squares(8))))
        // It goes while results are on their way.
        GPUBuffer.prototype.mapAsync = function (...asked) {
          const mapped = mapAsync.apply(this, asked)
          void lose()
          return mapped
        }
        return yield* failed(step.run(feeds))
      })
    ).finally(() => {
      GPUBuffer.prototype.mapAsync = mapAsync
    })
    expect([error.during, error.trouble]).toEqual(["run", { _tag: "Lost" }])
    const sum = await onFragileDevice(() =>
      Effect.flatMap(
        Backend.use((b) => b.compile(Steps.stateless(squares(8)))),
        ({ run }) => run(feeds)
      )
    )
    expect(Array.from(sum["y"]!.data)).toEqual([8])
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
