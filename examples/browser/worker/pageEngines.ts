import { OnnxWeb } from "rewardflow/onnx-web"
import { Tfjs } from "rewardflow/tfjs"
import type { Engines } from "./engines.ts"

/** The backends of a page. Their WebAssembly is part of the build, so that nothing comes from elsewhere. */
export const pageEngines: Engines = {
  "tfjs-webgpu": Tfjs.webgpu,
  "onnx-web-webgpu": OnnxWeb.webgpu,
  "onnx-web-wasm": OnnxWeb.wasm
}
