import { type Layer, Result } from "effect"
import type { Step } from "../../core/program/index.ts"
import type { Backend, BackendFailure, UnsupportedOp } from "../../core/service/index.ts"
import * as Threads from "./engine/Threads.ts"
import { cpu as cpuRules } from "./lower/cpu.ts"
import { layer } from "./Provider.ts"
import { planRun } from "./planRun.ts"
import { type CpuOptions, cpuSession } from "./sessions.ts"

export type { CpuOptions } from "./sessions.ts"

/** ONNX Runtime on the CPU with the given settings. */
export const cpuWith = (options: CpuOptions): Layer.Layer<Backend, BackendFailure> =>
  layer(
    {
      name: "onnx-cpu",
      rules: cpuRules,
      onHost: true,
      maps: true,
      session: cpuSession(options)
    },
    Threads.engine("onnx-cpu", { flushes: options.flushDenormals ?? true })
  )

/** ONNX Runtime on the CPU, the embedded default: on a thread of its own, with one compute thread a core. */
export const cpu: Layer.Layer<Backend, BackendFailure> = cpuWith({})

/**
 * The ONNX operators that a step becomes on the CPU, in the order of the model. Elementwise updates of memory are
 * not among them: they run as kernels of their own after the model.
 */
export const operators = (step: Step): Result.Result<ReadonlyArray<string>, UnsupportedOp> =>
  Result.map(
    planRun(step, { backend: "onnx-cpu", rules: cpuRules, frozen: new Set(), updatesInPlace: true }),
    ({ model }) => model.nodes.map((n) => n.opType)
  )
