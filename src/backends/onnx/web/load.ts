import { Effect } from "effect"
import type { Env } from "onnxruntime-common"
import { BackendFailure } from "../../../core/service/index.ts"
import type { Runtime } from "../engine/Runtime.ts"

/** What a page says of the engine that it loads, once: the first to start decides for all. */
export interface EngineOptions {
  /**
   * Where the engine's WebAssembly lies: an address that file names are put behind, or the address of each file. By default
   * beside the script that a bundler made of the engine.
   */
  readonly files?: string | { readonly wasm?: string; readonly mjs?: string }
  /** Threads of one run: 1 unless the page is cross-origin isolated, else as many as ONNX Runtime takes. */
  readonly threads?: number
}

/** A loaded `onnxruntime-web`. */
export interface Loaded extends Runtime {
  readonly env: Env
}

const settings = ({ files, threads }: EngineOptions): Env.WebAssemblyFlags => {
  const isolated = (globalThis as { readonly crossOriginIsolated?: boolean }).crossOriginIsolated === true
  const count = threads ?? (isolated ? undefined : 1)
  return {
    ...(count === undefined ? {} : { numThreads: count }),
    ...(files === undefined ? {} : { wasmPaths: files })
  }
}

/** What each engine was loaded with; it cannot change afterwards. */
const decided = new WeakMap<Loaded, string>()

/** Loads an engine with its options. Fails where the package is missing, or was loaded with other options. */
export const load = (
  backend: string,
  engine: () => Promise<Loaded>,
  options: EngineOptions
): Effect.Effect<Loaded, BackendFailure> =>
  Effect.gen(function* () {
    const loaded = yield* Effect.tryPromise({
      try: engine,
      catch: (cause) =>
        new BackendFailure({
          backend,
          during: "start",
          reason: "its package cannot be loaded: npm install onnxruntime-web",
          trouble: { _tag: "NotInstalled", missing: ["onnxruntime-web"] },
          cause
        })
    })
    const wanted = settings(options)
    const text = JSON.stringify(wanted)
    const known = decided.get(loaded)
    if (known !== undefined && known !== text) {
      const reason = `this page has loaded it with ${known} already, and cannot load it with ${text} as well. Use one set of options.`
      return yield* new BackendFailure({ backend, during: "start", reason })
    }
    decided.set(loaded, text)
    Object.assign(loaded.env.wasm, wanted)
    return loaded
  })
