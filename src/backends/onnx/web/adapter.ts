import { Effect } from "effect"
import { BackendFailure } from "../../../core/service/index.ts"
import type { Device } from "../Provider.ts"

/** What this backend asks of a page's GPU. */
interface Adapter {
  readonly limits: { readonly maxBufferSize: number }
}

interface Gpu {
  readonly requestAdapter: (options: { readonly powerPreference: "high-performance" }) => Promise<Adapter | null>
}

const absence = (backend: string, lookedFor: string, fix: string): BackendFailure =>
  new BackendFailure({
    ...{ backend, during: "start", reason: `it found no device. It looked for ${lookedFor}. ${fix}` },
    trouble: { _tag: "NoDevice", lookedFor: [lookedFor] }
  })

/** The page's GPU, as the backend sees it. Fails where the browser has no WebGPU, or offers no adapter. */
export const pageDevice = (backend: string): Effect.Effect<Device, BackendFailure> =>
  Effect.gen(function* () {
    const { navigator } = globalThis as { readonly navigator?: { readonly gpu?: Gpu } }
    const gpu = navigator?.gpu
    if (gpu === undefined) {
      const fix = "Use a browser with WebGPU, over https or on localhost, or OnnxWeb.wasm."
      return yield* absence(backend, "navigator.gpu", fix)
    }
    const lookedFor = "an adapter of navigator.gpu"
    const fix = "Turn on hardware acceleration in the browser, or use OnnxWeb.wasm."
    const adapter = yield* Effect.promise(() =>
      gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null)
    )
    if (adapter === null) return yield* absence(backend, lookedFor, fix)
    return { needs: { lookedFor: [lookedFor], fix }, maxBufferBytes: adapter.limits.maxBufferSize }
  })
