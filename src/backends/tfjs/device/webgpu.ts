import type { TensorInfo } from "@tensorflow/tfjs-core"
import { Shapes } from "../../../core/tensor/index.ts"
import type { Device } from "../Device.ts"
import type { Kernels } from "../Engine.ts"
import { AdapterLost, NoAdapter, OutOfDeviceMemory } from "../errors.ts"
import { registerShaderKernel, writeRows } from "../kernel/shader.ts"
import { apartAlpha } from "../lower/apartAlpha.ts"
import { webgpuRules } from "../lower/wgsl/webgpu.ts"
import { gpuOf } from "./gpu.ts"
import { idsWithin } from "./idsWithin.ts"
import { load, loadCore } from "./load.ts"

const packages = ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-webgpu"]

export interface WebgpuOptions {
  /** Which of several adapters: `high-performance` by default. */
  readonly powerPreference?: GPUPowerPreference
  /**
   * Bytes that tensors may take on the device, which WebGPU does not tell. Where given, steps that need more fail before
   * they start; where not, when the device has no more room.
   */
  readonly memoryBytes?: number
  /**
   * What shaders are written for: graphics cards, whose invocations work in groups, or processors, where each had better
   * work alone. By what the adapter says of itself, by default.
   */
  readonly writtenFor?: "hardware" | "software"
}

const wantedLimits = [
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupSizeX",
  "maxComputeInvocationsPerWorkgroup"
] as const

const requestDevice = async (gpu: GPU | undefined, { powerPreference = "high-performance" }: WebgpuOptions) => {
  if (gpu === undefined) throw new NoAdapter({ looked: "this browser has no navigator.gpu" })
  const adapter = await gpu.requestAdapter({ powerPreference })
  if (adapter === null) throw new NoAdapter({ looked: `asked for a ${powerPreference} one` })
  const requiredLimits = Object.fromEntries(wantedLimits.map((limit) => [limit, adapter.limits[limit]]))
  return { device: await adapter.requestDevice({ requiredLimits }), info: adapter.info }
}

/** Whether processors compute what a graphics card is asked for. */
const isSoftware = ({ architecture, description, isFallbackAdapter }: GPUAdapterInfo): boolean =>
  isFallbackAdapter || /swiftshader|llvmpipe|lavapipe/i.test(`${architecture} ${description}`)

/** What the device reports while a run goes on, as a failure of its end. */
const watched = (device: GPUDevice, predicted: number, free: () => number | undefined): (() => Promise<void>) => {
  const available = free()
  device.pushErrorScope("out-of-memory")
  device.pushErrorScope("validation")
  let ended: Promise<void> | undefined
  const end = async () => {
    const [invalid, full] = await Promise.all([device.popErrorScope(), device.popErrorScope()])
    // Of a buffer that the device had no room for, the next to use it hears no more than that.
    const cause = full ?? (invalid?.message.includes("due to a previous error") === true ? invalid : null)
    if (cause !== null) throw new OutOfDeviceMemory({ predicted, available, cause })
    if (invalid !== null) throw new Error(invalid.message)
  }
  return () => {
    ended ??= end()
    return ended
  }
}

/** Longest time in ms between what fails because a device has gone and the news that it has. */
const lateNews = 250

/** TensorFlow.js on WebGPU: of the page, or in Node of the package `webgpu`. */
export const webgpu = async (options: WebgpuOptions): Promise<Device> => {
  const core = await loadCore()
  const { gpu, visible } = await gpuOf()
  const { WebGPUBackend } = await load(packages, () => import("@tensorflow/tfjs-backend-webgpu"))
  const { device, info } = await requestDevice(gpu, options)
  const backend = visible(() => new WebGPUBackend(device, info))
  registerShaderKernel(core)
  let lost: AdapterLost | undefined
  let closed = false
  const news = device.lost.then(({ message, reason }) => {
    if (!closed) lost = new AdapterLost({ reason: message || reason })
  })
  /** What fails under way because the device has gone says so, in whatever words it fails. */
  const orLost = async <A>(work: Promise<A>): Promise<A> => {
    try {
      return await work
    } catch (cause) {
      await Promise.race([news, new Promise((resolve) => setTimeout(resolve, lateNews))])
      throw lost ?? cause
    }
  }
  const { memoryBytes, writtenFor = isSoftware(info) ? "software" : "hardware" } = options
  const free = () => (memoryBytes === undefined ? undefined : memoryBytes - backend.memory().numBytesInGPU)
  const read = async (x: TensorInfo) => {
    const elements = (await orLost(backend.read(x.dataId))) as Float32Array
    return elements.subarray(0, Shapes.size(x.shape))
  }
  return {
    name: "tfjs-webgpu",
    core,
    backend,
    kernels: "webgpu",
    rules: webgpuRules(writtenFor),
    prepare: apartAlpha,
    entered: (work) => work(),
    // Small tensors that wait on the host would be computed there, with other last bits than on the device.
    settle: (x) => {
      if (x.shape.every((d) => d > 0)) backend.uploadToGPU(x.dataId)
    },
    read,
    within: (k: Kernels, op, ids, size) => {
      const known = k.known.get(ids.dataId)
      if (known !== undefined) return idsWithin(op, known, size)
      const kept = k.keep(ids)
      k.checks.push(async () => idsWithin(op, await read(kept), size))
    },
    takesPrefixes: true,
    writeRows: (into, rows, at) => writeRows(backend, into, rows, at),
    tensorBytes: Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize),
    free,
    lost: () => lost,
    begin: (predicted) => {
      const end = watched(device, predicted, free)
      return () => orLost(end())
    },
    close: () => {
      closed = true
      backend.dispose()
      device.destroy()
    }
  }
}
