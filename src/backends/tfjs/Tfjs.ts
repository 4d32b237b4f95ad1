import { Effect, Layer, Semaphore } from "effect"
import { Backend, type BackendFailure, type Memory } from "../../core/service/index.ts"
import { compile } from "./compile.ts"
import type { Device } from "./Device.ts"
import { cpu as cpuDevice } from "./device/cpu.ts"
import { node as nodeDevice, nodeGpu as nodeGpuDevice } from "./device/node.ts"
import { type WasmOptions, wasm as wasmDevice } from "./device/wasm.ts"
import { type WebgpuOptions, webgpu as webgpuDevice } from "./device/webgpu.ts"
import { failure } from "./errors.ts"
import { TfjsMemory } from "./TfjsMemory.ts"

const devices = new WeakMap<Backend["Service"], Device>()

/** What a backend of this folder holds now: tensors, in memories, executables and runs. For those who look for leaks. */
export const tensorsHeld: Effect.Effect<number, never, Backend> = Backend.use((backend) =>
  Effect.sync(() => devices.get(backend)?.backend.numDataIds() ?? 0)
)

const layerOf = (name: string, open: () => Promise<Device>): Layer.Layer<Backend, BackendFailure> =>
  Layer.effect(
    Backend,
    Effect.gen(function* () {
      const device = yield* Effect.acquireRelease(
        Effect.tryPromise({ try: open, catch: (cause) => failure(name, "start", cause) }),
        (device) => Effect.sync(() => device.close())
      )
      const lock = yield* Semaphore.make(1)
      const alone = lock.withPermit
      const own = (memory: Memory | undefined) =>
        memory instanceof TfjsMemory && memory.device === device ? memory : undefined
      const memory = Effect.acquireRelease(
        Effect.sync(() => new TfjsMemory(device, alone)),
        (held) => alone(Effect.sync(() => held.close()))
      )
      const backend = { name: device.name, memory, compile: compile(device, own, alone) }
      devices.set(backend, device)
      return backend
    })
  )

/** TensorFlow.js in plain JavaScript: runs everywhere, slowly. */
export const cpu: Layer.Layer<Backend, BackendFailure> = layerOf("tfjs-cpu", cpuDevice)

/** TensorFlow.js in WebAssembly with the given settings. */
export const wasmWith = (options: WasmOptions): Layer.Layer<Backend, BackendFailure> =>
  layerOf("tfjs-wasm", () => wasmDevice(options))

/** TensorFlow.js in WebAssembly, with SIMD where the machine has it. */
export const wasm: Layer.Layer<Backend, BackendFailure> = wasmWith({})

/** TensorFlow.js on WebGPU with the given settings. */
export const webgpuWith = (options: WebgpuOptions): Layer.Layer<Backend, BackendFailure> =>
  layerOf("tfjs-webgpu", () => webgpuDevice(options))

/** TensorFlow.js on WebGPU: that of the page, or in Node that of the package `webgpu`. */
export const webgpu: Layer.Layer<Backend, BackendFailure> = webgpuWith({})

/** TensorFlow's own library by `@tensorflow/tfjs-node`: Node alone, all cores of a processor. */
export const node: Layer.Layer<Backend, BackendFailure> = layerOf("tfjs-node", nodeDevice)

/** TensorFlow's own library by `@tensorflow/tfjs-node-gpu`: Node alone, on CUDA. */
export const nodeGpu: Layer.Layer<Backend, BackendFailure> = layerOf("tfjs-node-gpu", nodeGpuDevice)
