import type { Precision } from "../../src/core/laws/index.ts"
import { entries, onnxOnWebgpu } from "../../src/experiments/backends/index.ts"

/** A backend of pages as the laws need to know it: what its floats are, and which laws it is known not to keep. */
export interface PageBackend {
  readonly name: "tfjs-webgpu" | "onnx-web-webgpu"
  readonly precision: Precision
  readonly deviations: Readonly<Record<string, string>>
}

const { precision, deviations } = entries.find(({ name }) => name === "tfjs-webgpu")!

/** Every backend that a page has on WebGPU. */
export const pageBackends: ReadonlyArray<PageBackend> = [
  { name: "tfjs-webgpu", precision, deviations },
  { name: "onnx-web-webgpu", precision: "single", deviations: onnxOnWebgpu }
]
