import type { Layer } from "effect"
import { OnnxWeb } from "../../../src/backends/onnx/web/index.ts"
import { Tfjs } from "../../../src/backends/tfjs/index.ts"
import type { Backend, BackendFailure } from "../../../src/core/service/index.ts"

type Engine = Layer.Layer<Backend, BackendFailure>

/** Backends of a page, by the names that they give themselves; on WebGPU also with a limit to its memory. */
export const engines = {
  "tfjs-webgpu": { layer: Tfjs.webgpu, within: (memoryBytes: number): Engine => Tfjs.webgpuWith({ memoryBytes }) },
  "onnx-web-webgpu": {
    layer: OnnxWeb.webgpu,
    within: (memoryBytes: number): Engine => OnnxWeb.webgpuWith({ memoryBytes })
  },
  "onnx-web-wasm": { layer: OnnxWeb.wasm, within: (_: number): Engine => OnnxWeb.wasm }
}

export type EngineName = keyof typeof engines

/** Devices that this page was given, in order. */
const given: Array<GPUDevice> = []

const { requestDevice } = globalThis.GPUAdapter?.prototype ?? {}
if (requestDevice !== undefined)
  GPUAdapter.prototype.requestDevice = async function (asked) {
    const device = await requestDevice.call(this, asked)
    given.push(device)
    return device
  }

/** Ends the device that was given last, as a driver's reset does. */
export const loseDevice = (): void => given.at(-1)?.destroy()
