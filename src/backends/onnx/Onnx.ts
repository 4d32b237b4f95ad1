import { type Layer, Result } from "effect"
import type { Step } from "../../core/program/index.ts"
import type { Backend, BackendFailure, UnsupportedOp } from "../../core/service/index.ts"
import * as Threads from "./engine/Threads.ts"
import { layer } from "./Provider.ts"
import { planRun } from "./planRun.ts"
import { type CpuOptions, cpuSession, type WebgpuOptions, webgpuSession } from "./sessions.ts"
import { onProcessor, onWebgpu } from "./targets.ts"

export type { CpuOptions } from "./sessions.ts"

/** ONNX Runtime on the CPU with the given settings. */
export const cpuWith = (options: CpuOptions): Layer.Layer<Backend, BackendFailure> =>
  layer(
    { target: onProcessor("onnx-cpu"), maps: true, session: cpuSession(options) },
    Threads.engine("onnx-cpu", { flushes: options.flushDenormals ?? true })
  )

/** ONNX Runtime on the CPU, the embedded default: on a thread of its own, with one compute thread a core. */
export const cpu: Layer.Layer<Backend, BackendFailure> = cpuWith({})

/** How ONNX Runtime runs on WebGPU. */
export type { WebgpuOptions } from "./sessions.ts"

/** ONNX Runtime on WebGPU with the given settings. */
export const webgpuWith = (options: WebgpuOptions): Layer.Layer<Backend, BackendFailure> => {
  const session = webgpuSession(options)
  return layer(
    { target: onWebgpu("onnx-webgpu"), maps: true, session },
    Threads.engine("onnx-webgpu", { flushes: true, device: session.options })
  )
}

/** ONNX Runtime on WebGPU, with memory on the device. */
export const webgpu: Layer.Layer<Backend, BackendFailure> = webgpuWith({})

/**
 * The ONNX operators that a step becomes on the CPU, in the order of the model. Elementwise updates of memory are
 * not among them: they run as kernels of their own after the model.
 */
export const operators = (step: Step): Result.Result<ReadonlyArray<string>, UnsupportedOp> =>
  Result.map(planRun(step, onProcessor("onnx-cpu"), new Set()), ({ model }) => model.nodes.map((n) => n.opType))
