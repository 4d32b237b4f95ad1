import type { Layer } from "effect"
import type { Service } from "rewardflow"

/** The backends that the page offers. */
export const engineNames = ["webgpu", "wasm"] as const
export type EngineName = (typeof engineNames)[number]

/** A backend is a Layer: choosing another changes nothing else. */
export type Engines = Readonly<Record<EngineName, Layer.Layer<Service.Backend, Service.BackendFailure>>>
