import type { Layer } from "effect"
import type { Service } from "rewardflow"

/** The backends that the page offers, by the names that they give themselves. */
export const engineNames = ["tfjs-webgpu", "onnx-web-webgpu", "onnx-web-wasm"] as const
export type EngineName = (typeof engineNames)[number]

/** A backend is a Layer: choosing another changes nothing else. */
export type Engines = Readonly<Record<EngineName, Layer.Layer<Service.Backend, Service.BackendFailure>>>
