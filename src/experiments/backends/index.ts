export { BadBackendChoice, backendLayer, backendNamed, backendNames, expectedBackend, usualBackend } from "./choose.ts"
export type { BackendOptions, Entry } from "./Entry.ts"
export { entries, onnxOnCpu } from "./entries.ts"
