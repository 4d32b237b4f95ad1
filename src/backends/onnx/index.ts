export * as Onnx from "./Onnx.ts"
