import { cpu as cpuRules } from "./lower/cpu.ts"
import { webgpu as webgpuRules } from "./lower/webgpu.ts"
import type { Target } from "./planRun.ts"

/** ONNX Runtime's kernels for processors, native or in WebAssembly. */
export const onProcessor = (name: string): Target => ({
  ...{ name, rules: cpuRules },
  ...{ onHost: true, refusesIds: true, takesEmpty: true }
})

/** ONNX Runtime's kernels for WebGPU, in Node or in a page. */
export const onWebgpu = (name: string): Target => ({
  ...{ name, rules: webgpuRules },
  ...{ onHost: false, refusesIds: false, takesEmpty: false }
})

/**
 * ONNX Runtime's kernels for CUDA, which has those that the lowering for processors is written in. Memory stays with the
 * process: `onnxruntime-node` binds no CUDA memory, so what a step reads of it is sent with each run, and its gradients come
 * back; what is frozen stays on the device.
 */
export const onCuda = (name: string): Target => ({
  ...{ name, rules: cpuRules },
  ...{ onHost: true, refusesIds: false, takesEmpty: false }
})
