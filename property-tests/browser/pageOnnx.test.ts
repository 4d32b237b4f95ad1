import { trainsOnWebgpu } from "./trainsOnWebgpu.ts"

trainsOnWebgpu("onnx-web-webgpu")
