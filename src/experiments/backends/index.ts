export { BadBackendChoice, backendLayer, backendNamed, backendNames, expectedBackend, usualBackend } from "./choose.ts"
export type { BackendOptions, Entry, Foresight } from "./Entry.ts"
export { entries, onnxOnCpu, onnxOnWebgpu } from "./entries.ts"
