import { OnnxWeb } from "rewardflow/onnx-web"
import { Tfjs } from "rewardflow/tfjs"
import type { Engines } from "./engines.ts"

/** The backends of a page. Their WebAssembly is part of the build, so that nothing comes from elsewhere. */
export const pageEngines: Engines = { webgpu: Tfjs.webgpu, wasm: OnnxWeb.wasm }
