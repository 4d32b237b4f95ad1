import { Effect, type Layer } from "effect"
import type { Backend, BackendFailure } from "../../../core/service/index.ts"
import { onHost } from "../engine/onHost.ts"
import { layer } from "../Provider.ts"
import { wasmSession } from "../sessions.ts"
import { onProcessor } from "../targets.ts"
import { type EngineOptions, load } from "./load.ts"
import { onPage } from "./onPage.ts"

export type { EngineOptions } from "./load.ts"

/** ONNX Runtime in WebAssembly with the given settings. */
export const wasmWith = (options: EngineOptions): Layer.Layer<Backend, BackendFailure> => {
  const name = "onnx-web-wasm"
  return layer(
    { target: onProcessor(name), maps: false, session: wasmSession },
    onPage(
      name,
      Effect.map(
        load(name, () => import("onnxruntime-web/wasm"), options),
        (runtime) => ({ runtime, keeper: onHost(runtime) })
      )
    )
  )
}

/**
 * ONNX Runtime in WebAssembly: in any page and worker, and in Node. It computes on the thread that calls it, so that a page
 * which trains had better do so in a worker.
 */
export const wasm: Layer.Layer<Backend, BackendFailure> = wasmWith({})
