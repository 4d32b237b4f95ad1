export * as OnnxWeb from "./OnnxWeb.ts"
