import { OnnxWeb } from "../../src/backends/onnx/web/index.ts"
import { onnxOnCpu } from "../../src/experiments/backends/index.ts"
import { conformance } from "./conformance.ts"

// The rest is for `npm run conformance -- --backend onnx-web-wasm`.
conformance("onnx-web-wasm", OnnxWeb.wasm, "single", onnxOnCpu, ["operations", "programs", "memory", "errors"])
