import { Effect, Layer } from "effect"
import type { Backend, BackendFailure } from "../../../core/service/index.ts"
import { onDevice } from "../engine/device/onDevice.ts"
import { onHost } from "../engine/onHost.ts"
import { layer } from "../Provider.ts"
import { wasmSession, webgpuPageSession } from "../sessions.ts"
import { onProcessor, onWebgpu } from "../targets.ts"
import { pageDevice } from "./adapter.ts"
import { type EngineOptions, load } from "./load.ts"
import { onPage } from "./onPage.ts"

export type { EngineOptions } from "./load.ts"

/** ONNX Runtime in WebAssembly with the given settings. */
export const wasmWith = (options: EngineOptions): Layer.Layer<Backend, BackendFailure> => {
  const name = "onnx-web-wasm"
  const engine = Effect.map(
    load(name, () => import("onnxruntime-web/wasm"), options),
    (runtime) => ({ runtime, keeper: onHost(runtime) })
  )
  return layer({ target: onProcessor(name), maps: false, session: wasmSession }, onPage(name, engine))
}

/**
 * ONNX Runtime in WebAssembly: in any page and worker, and in Node. It computes on the thread that calls it, so that a page
 * which trains had better do so in a worker.
 */
export const wasm: Layer.Layer<Backend, BackendFailure> = wasmWith({})

/** How ONNX Runtime runs on the WebGPU of a page. */
export interface WebgpuOptions extends EngineOptions {
  /**
   * Bytes that tensors may take on the device, which a browser does not tell. Steps that need more are refused before anything
   * runs; where it is not given they fail when the device has no more room.
   */
  readonly memoryBytes?: number
}

/** ONNX Runtime on the WebGPU of a page with the given settings. Fails to start where there is none, saying what was looked for. */
export const webgpuWith = ({ memoryBytes, ...options }: WebgpuOptions): Layer.Layer<Backend, BackendFailure> => {
  const name = "onnx-web-webgpu"
  const session = webgpuPageSession
  const engine = Effect.map(
    load(name, () => import("onnxruntime-web/webgpu"), options),
    (runtime) => ({ runtime, keeper: onDevice(runtime, session.options) })
  )
  return Layer.unwrap(
    Effect.map(pageDevice(name), (found) => {
      const device = { ...found, ...(memoryBytes === undefined ? {} : { memoryBytes }) }
      return layer({ target: onWebgpu(name), maps: false, session, device }, onPage(name, engine))
    })
  )
}

/** ONNX Runtime on the WebGPU of a page, or of a worker of it, with memory on the device. */
export const webgpu: Layer.Layer<Backend, BackendFailure> = webgpuWith({})
