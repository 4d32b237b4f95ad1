import { type EngineName, engineNames } from "../worker/engines.ts"
import { byId } from "./element.ts"

/** What WebGPU this machine offers: the adapter's name, or why there is none. */
const lookForWebgpu = async (): Promise<{ readonly adapter?: string; readonly note: string }> => {
  if (!("gpu" in navigator)) return { note: "not in this browser: use a recent one, over https or localhost" }
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" })
  if (adapter === null) return { note: "no adapter on this machine: train in WebAssembly" }
  const { vendor, architecture, isFallbackAdapter } = adapter.info
  const name = [vendor, architecture].filter((part) => part !== "").join(" ") || "adapter"
  // Software that plays a card does not always own up to it.
  const isSoftware = isFallbackAdapter || architecture === "swiftshader"
  return { adapter: name, note: isSoftware ? `${name}, in software: slower than WebAssembly` : name }
}

const inputOf = (name: EngineName): HTMLInputElement => {
  const input = document.querySelector(`input[name=engine][value=${name}]`)
  if (input instanceof HTMLInputElement) return input
  throw new TypeError(`index.html offers no engine "${name}".`)
}

/** Offers WebGPU where the machine has it, and says why not where it has not. Chooses it where it is no software. */
export const offerEngines = async (): Promise<void> => {
  const found = await lookForWebgpu()
  byId("webgpu-note", HTMLElement).textContent = found.note
  for (const name of engineNames) if (name !== "onnx-web-wasm") inputOf(name).disabled = found.adapter === undefined
  if (found.note === found.adapter) choose("tfjs-webgpu")
}

/** The engine that is chosen now. */
export const chosenEngine = (): EngineName => engineNames.find((name) => inputOf(name).checked) ?? "onnx-web-wasm"

/** Chooses an engine. */
export const choose = (name: EngineName): void => {
  inputOf(name).checked = true
}
