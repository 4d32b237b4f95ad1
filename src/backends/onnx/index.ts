export * as Onnx from "./Onnx.ts"
export { type Footprint, footprint } from "./rehearsal/footprint.ts"
export * as Rehearsal from "./rehearsal/Rehearsal.ts"
