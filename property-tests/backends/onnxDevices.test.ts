import { Effect, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { Devices, Onnx, remedy, troubleOf } from "../../src/backends/onnx/index.ts"
import { OnnxWeb } from "../../src/backends/onnx/web/index.ts"
import * as ops from "../../src/core/program/index.ts"
import { Programs, Steps } from "../../src/core/program/index.ts"
import { Backend, BackendFailure } from "../../src/core/service/index.ts"
import { Tensors } from "../../src/core/tensor/index.ts"
import { softwareVulkan } from "./softwareVulkan.ts"

const { cudaSystem, libraryFolder, missingCuda, webgpuAdapters } = Devices

const started = <E>(layer: Layer.Layer<Backend, E>) =>
  Effect.runPromise(
    Effect.result(
      Effect.scoped(
        Effect.provide(
          Backend.use((b) => Effect.succeed(b.name)),
          Layer.fresh(layer)
        )
      )
    )
  )

describe("what engines say of devices", () => {
  it.each([
    ["... was false. Failed to get a WebGPU adapter: No supported adapters", "NoDevice"],
    ["CUDA failure 100: no CUDA-capable device is detected ; GPU=0", "NoDevice"],
    ["OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library", "NotInstalled"],
    ["WebGPU device lost (1): Device was destroyed.", "Lost"],
    ["Failed to execute 'mapAsync' on 'GPUBuffer': Buffer was unmapped before mapping was resolved.", "Lost"],
    ["vkQueueSubmit failed with VK_ERROR_DEVICE_LOST", "Lost"],
    ["vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY", "OutOfMemory"],
    ["CUDA failure 2: out of memory ; GPU=0", "OutOfMemory"],
    ["[Invalid Buffer (unlabeled)] is invalid due to a previous error.", "OutOfMemory"],
    ["Failed to allocate memory for requested buffer of size 1073741824", "OutOfMemory"],
    ["Non-zero status code returned while running Gather node.", undefined]
  ])("golden: %s", (message, tag) => {
    const trouble = troubleOf(message)
    expect(trouble?._tag).toBe(tag)
    if (trouble !== undefined) expect(remedy(trouble)).toMatch(/backend/)
  })

  it("golden: a buffer beyond the limits comes with both numbers", () =>
    expect(troubleOf("Buffer size (1200000000) exceeds the max buffer size limit (1073741824).")).toEqual({
      ...{ _tag: "TooLarge", what: "a buffer", bytes: 1200000000, limit: 1073741824 }
    }))
})

describe("where devices are looked for", () => {
  const machine = { platform: "linux", arch: "x64", env: {}, folder: "/lib/ort" }

  it("golden: CUDA's provider is two libraries beside the engine, each named where it is missing", () => {
    const cuda = "/lib/ort/libonnxruntime_providers_cuda.so"
    const absence = missingCuda({ ...machine, exists: (file) => file !== cuda })
    expect(absence?.lookedFor).toEqual([cuda])
    expect(absence?.fix).toContain("ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node")
    expect(missingCuda({ ...machine, exists: () => true })).toBeUndefined()
  })

  it("edge: CUDA is for Linux on x64 alone", () =>
    expect(missingCuda({ ...machine, platform: "darwin", arch: "arm64" })?.lookedFor.join()).toContain(
      "this is darwin on arm64"
    ))

  it("golden: what the system has to offer is named with the variables that choose it", () => {
    expect(webgpuAdapters("linux", { VK_DRIVER_FILES: "/a.json" }).lookedFor.join()).toContain(
      "VK_DRIVER_FILES=/a.json"
    )
    expect(webgpuAdapters("darwin", {}).lookedFor).toEqual(["a Metal device"])
    expect(cudaSystem({ CUDA_VISIBLE_DEVICES: "1" }).lookedFor.join()).toMatch(
      /CUDA_VISIBLE_DEVICES=1.*libcudnn\.so\.9/
    )
  })

  const { platform, arch, env } = process
  const cuda = missingCuda({ platform, arch, env, folder: libraryFolder(platform, arch) })
  it.skipIf(cuda === undefined)("error: CUDA without its libraries names them, and how they are fetched", async () =>
    expect(await started(Onnx.cuda)).toMatchObject({
      failure: { _tag: "BackendFailure", during: "start", trouble: { _tag: "NotInstalled", missing: cuda!.lookedFor } }
    })
  )

  it("error: a page without WebGPU says so", async () =>
    expect(await started(OnnxWeb.webgpu)).toMatchObject({
      failure: { _tag: "BackendFailure", during: "start", trouble: { _tag: "NoDevice", lookedFor: ["navigator.gpu"] } }
    }))

  it("error: one page cannot load one engine with two sets of options", async () => {
    expect(await started(OnnxWeb.wasm)).toMatchObject({ success: "onnx-web-wasm" })
    const other = await started(OnnxWeb.wasmWith({ files: "/elsewhere/" }))
    expect(other).toMatchObject({ failure: { during: "start", reason: expect.stringContaining("/elsewhere/") } })
  })
})

const absent = softwareVulkan()

/** Sums of what memory holds, over and over; two of them at once on one device. */
const counting = Effect.gen(function* () {
  const backend = yield* Backend
  const memory = yield* backend.memory
  yield* memory.write({ w: Tensors.f32([0, 0], [2]) })
  const next = ops.add(ops.input("w", [2]), ops.input("by", [2]))
  const step = Steps.make({
    program: Programs.fromExprs({ next, total: ops.sum(next) }),
    ...{ resident: ["w"], carry: [Steps.replace("next", "w")], guard: [] }
  })
  const executable = yield* backend.compile(step, { memory })
  const totals: Array<number> = []
  for (let i = 0; i < 10; i++) {
    const { total } = yield* executable.run({ by: Tensors.f32([1, 2], [2]) })
    totals.push(total!.data[0]!)
    yield* Effect.yieldNow
  }
  return totals
})

describe.skipIf(absent !== undefined)(`on WebGPU${absent === undefined ? "" : ` (${absent})`}`, () => {
  it("law: two backends at once, and one after another, do not disturb each other", async () => {
    const alone = Effect.scoped(Effect.provide(counting, Layer.fresh(Onnx.webgpu)))
    const cpu = Effect.scoped(Effect.provide(counting, Layer.fresh(Onnx.cpu)))
    const expected = Array.from({ length: 10 }, (_, i) => 3 * (i + 1))
    const found = await Effect.runPromise(Effect.all([alone, alone, cpu], { concurrency: "unbounded" }))
    expect(found).toEqual([expected, expected, expected])
    expect(await Effect.runPromise(alone)).toEqual(expected)
  })

  /** What a backend says of a step when it is compiled. */
  const refused = (layer: ReturnType<typeof Onnx.webgpuWith>, shape: ReadonlyArray<number>) => {
    const step = Steps.stateless(Programs.fromExprs({ y: ops.sum(ops.named("logits", ops.full(shape, 1))) }))
    const compiled = Backend.use((b) => b.compile(step))
    return Effect.runPromise(Effect.flip(Effect.scoped(Effect.provide(compiled, layer))))
  }

  it("error: a value beyond the device's buffers is named before anything runs", async () => {
    const failure = await refused(Onnx.webgpuWith({ maxBufferBytes: 4096 }), [100, 100])
    expect(failure).toBeInstanceOf(BackendFailure)
    expect(failure).toMatchObject({ during: "compile", trouble: { _tag: "TooLarge", bytes: 40000, limit: 4096 } })
    expect(failure.message).toContain("logits")
    expect(await refused(Onnx.webgpu, [2 ** 16, 2 ** 16])).toMatchObject({
      trouble: { _tag: "TooLarge", bytes: 2 ** 34, limit: 2 ** 32 }
    })
  })

  it("error: a step that needs more than the memory it may take is refused with both numbers", async () =>
    expect(await refused(Onnx.webgpuWith({ memoryBytes: 4096 }), [100, 100])).toMatchObject({
      ...{ during: "compile", trouble: { _tag: "OutOfMemory", predictedBytes: 40_004, availableBytes: 4096 } },
      reason: expect.stringMatching(/smaller/)
    }))

  it("error: a tensor beyond the device's buffers is not written", async () => {
    const written = Effect.gen(function* () {
      const memory = yield* Backend.use((b) => b.memory)
      return [yield* Effect.flip(memory.write({ w: Tensors.full([2048], 0) })), yield* memory.names] as const
    })
    const layer = Onnx.webgpuWith({ maxBufferBytes: 4096 })
    const [failure, names] = await Effect.runPromise(Effect.scoped(Effect.provide(written, layer)))
    expect(failure).toMatchObject({
      during: "write",
      trouble: { _tag: "TooLarge", what: "w", bytes: 8192, limit: 4096 }
    })
    expect(names).toEqual([])
  })

  it("error: a lack of memory comes with what the step was to need, and the next run goes on", async () => {
    const long = ops.full([300_000_000], 1)
    const tell = Effect.gen(function* () {
      const backend = yield* Backend
      const large = yield* backend.compile(Steps.stateless(Programs.fromExprs({ y: ops.reduceMax(ops.neg(long)) })))
      const failure = yield* Effect.flip(large.run({}))
      return [failure, yield* counting] as const
    })
    const [failure, totals] = await Effect.runPromise(Effect.scoped(Effect.provide(tell, Layer.fresh(Onnx.webgpu))))
    // The repeated number, and its negative.
    expect(failure).toMatchObject({ trouble: { _tag: "OutOfMemory", predictedBytes: 4 * (3e8 + 3e8) } })
    expect(totals[9]).toBe(30)
  })
})
