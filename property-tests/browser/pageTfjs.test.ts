import { trainsOnWebgpu } from "./trainsOnWebgpu.ts"

trainsOnWebgpu("tfjs-webgpu")
