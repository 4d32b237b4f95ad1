import { Effect, Layer, Result } from "effect"
import type { Step } from "../../core/program/index.ts"
import type { Backend, BackendFailure, UnsupportedOp } from "../../core/service/index.ts"
import { notInstalled } from "./deviceErrors.ts"
import { cudaSystem, libraryFolder, missingCuda, webgpuAdapters } from "./devices.ts"
import * as Threads from "./engine/Threads.ts"
import { layer } from "./Provider.ts"
import { planRun } from "./planRun.ts"
import {
  type CpuOptions,
  type CudaOptions,
  cpuSession,
  cudaSession,
  type WebgpuOptions,
  webgpuSession
} from "./sessions.ts"
import { onCuda, onProcessor, onWebgpu } from "./targets.ts"

export type { CpuOptions, CudaOptions, WebgpuOptions } from "./sessions.ts"

/** ONNX Runtime on the CPU with the given settings. */
export const cpuWith = (options: CpuOptions): Layer.Layer<Backend, BackendFailure> =>
  layer(
    { target: onProcessor("onnx-cpu"), maps: true, session: cpuSession(options) },
    Threads.engine("onnx-cpu", { flushes: options.flushDenormals ?? true })
  )

/** ONNX Runtime on the CPU, the embedded default: on a thread of its own, with one compute thread a core. */
export const cpu: Layer.Layer<Backend, BackendFailure> = cpuWith({})

/** ONNX Runtime on WebGPU with the given settings. Fails to start where there is no adapter, saying what was looked for. */
export const webgpuWith = (options: WebgpuOptions): Layer.Layer<Backend, BackendFailure> => {
  const session = webgpuSession(options)
  const { maxBufferBytes = 2 ** 32, memoryBytes } = options
  const needs = webgpuAdapters(process.platform, process.env)
  return layer(
    {
      ...{ target: onWebgpu("onnx-webgpu"), maps: true, session },
      device: { needs, maxBufferBytes, ...(memoryBytes === undefined ? {} : { memoryBytes }) }
    },
    // The device belongs to the process: two threads must not use it at once.
    Threads.sharedEngine("onnx-webgpu", { flushes: true, device: session.options })
  )
}

/** ONNX Runtime on WebGPU, with memory on the device: what a run carries never leaves it. */
export const webgpu: Layer.Layer<Backend, BackendFailure> = webgpuWith({})

/** ONNX Runtime on CUDA with the given settings. Fails to start where libraries or a GPU are missing, saying which. */
export const cudaWith = (options: CudaOptions): Layer.Layer<Backend, BackendFailure> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { platform, arch, env } = process
      const backend = "onnx-cuda"
      const missing = missingCuda({ platform, arch, env, folder: libraryFolder(platform, arch) })
      if (missing !== undefined) return yield* notInstalled(backend, missing)
      return layer(
        { target: onCuda(backend), maps: true, session: cudaSession(options), device: { needs: cudaSystem(env) } },
        Threads.engine(backend, { flushes: true })
      )
    })
  )

/** ONNX Runtime on the first NVIDIA GPU, on Linux. */
export const cuda: Layer.Layer<Backend, BackendFailure> = cudaWith({})

/**
 * The ONNX operators that a step becomes on the CPU, in the order of the model. Elementwise updates of memory are
 * not among them: they run as kernels of their own after the model.
 */
export const operators = (step: Step): Result.Result<ReadonlyArray<string>, UnsupportedOp> =>
  Result.map(planRun(step, onProcessor("onnx-cpu"), new Set()), ({ model }) => model.nodes.map((n) => n.opType))
