export { layer } from "./layer.ts"
export * as Reference from "./layer.ts"
