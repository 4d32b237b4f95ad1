import { it } from "vitest"
import { Onnx } from "../../src/backends/onnx/index.ts"
import { onnxOnWebgpu } from "../../src/experiments/backends/index.ts"
import { conformance } from "./conformance.ts"
import { softwareVulkan } from "./softwareVulkan.ts"

const absent = softwareVulkan()

// The rest is for `npm run conformance -- --backend onnx-webgpu`.
if (absent === undefined)
  conformance("onnx-webgpu", Onnx.webgpu, "single", onnxOnWebgpu, ["memory", "errors", "optimisers"])
else it.skip(`backend: onnx-webgpu (${absent})`, () => undefined)
