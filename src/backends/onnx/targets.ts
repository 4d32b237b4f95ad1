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
