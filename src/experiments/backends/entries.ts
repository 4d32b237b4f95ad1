import type { Entry } from "./Entry.ts"

/** Laws that ONNX Runtime does not keep on processors. */
export const onnxOnCpu = {
  "ReduceMax: NaN stays along the last axis": "ONNX Runtime's ReduceMax drops a NaN that is not the first element",
  "ids: a negative id fails": "ONNX Runtime counts negative ids from the end"
}

const noNaN = "shaders may take it that there is no NaN, and software Vulkan does"

/** Laws that ONNX Runtime does not keep on WebGPU. */
export const onnxOnWebgpu = {
  ...Object.fromEntries(
    ["Exp", "Sigmoid", "Relu", "Softplus", "Log", "Clip", "Pow"].map((op) => [`${op}: NaN stays`, noNaN])
  ),
  "ReduceMax: NaN stays along the last axis": noNaN,
  "Softmax: NaN stays in its row": noNaN,
  "LogSoftmax: NaN stays in its row": noNaN,
  "Softmax: all -infinity gives NaN": noNaN,
  "repeatability: two runs of two executables are equal to the last bit":
    "rows that are scattered to one place are added in no fixed order"
}

/** All backends, that of the meaning first. */
export const entries: ReadonlyArray<Entry> = [
  {
    name: "reference",
    runs: "plain TypeScript in double precision: slow, and what programs mean",
    precision: "double",
    foresight: { _tag: "Counted", holder: "process" },
    threads: false,
    deviations: {},
    load: async () => (await import("../../backends/reference/index.ts")).layer
  },
  {
    name: "onnx-cpu",
    runs: "ONNX Runtime on the processor, the default",
    precision: "single",
    foresight: {
      _tag: "Rehearsed",
      load: async () => (await import("../../backends/onnx/index.ts")).Rehearsal.rehearsal
    },
    threads: true,
    deviations: onnxOnCpu,
    load: async ({ threads }) =>
      (await import("../../backends/onnx/index.ts")).Onnx.cpuWith(threads === undefined ? {} : { threads })
  },
  {
    name: "onnx-webgpu",
    runs: "ONNX Runtime on WebGPU, in Node",
    precision: "single",
    foresight: { _tag: "Counted", holder: "device" },
    threads: false,
    deviations: onnxOnWebgpu,
    load: async () => (await import("../../backends/onnx/index.ts")).Onnx.webgpu
  },
  {
    name: "onnx-cuda",
    runs: "ONNX Runtime on CUDA, in Node",
    precision: "single",
    foresight: { _tag: "Counted", holder: "process" },
    threads: false,
    deviations: {},
    load: async () => (await import("../../backends/onnx/index.ts")).Onnx.cuda
  },
  {
    name: "onnx-web-wasm",
    runs: "ONNX Runtime in WebAssembly, on one thread: in pages and in Node",
    precision: "single",
    foresight: { _tag: "Counted", holder: "process" },
    threads: false,
    deviations: onnxOnCpu,
    load: async () => (await import("../../backends/onnx/web/index.ts")).OnnxWeb.wasm
  },
  {
    name: "tfjs-cpu",
    runs: "TensorFlow.js in plain JavaScript: slow, and everywhere",
    precision: "single",
    foresight: { _tag: "Counted", holder: "process" },
    threads: false,
    deviations: {},
    load: async () => (await import("../../backends/tfjs/index.ts")).Tfjs.cpu
  },
  {
    name: "tfjs-wasm",
    runs: "TensorFlow.js in WebAssembly, on one thread",
    precision: "single",
    foresight: { _tag: "Counted", holder: "process" },
    threads: false,
    deviations: {},
    load: async () => (await import("../../backends/tfjs/index.ts")).Tfjs.wasm
  },
  {
    name: "tfjs-webgpu",
    runs: "TensorFlow.js and shaders of our own on WebGPU, in Node by the package webgpu",
    precision: "shader",
    foresight: { _tag: "Counted", holder: "device" },
    threads: false,
    deviations: {},
    load: async () => (await import("../../backends/tfjs/index.ts")).Tfjs.webgpu
  },
  {
    name: "tfjs-node",
    runs: "TensorFlow's own library by the package @tensorflow/tfjs-node, in Node",
    precision: "single",
    foresight: { _tag: "Counted", holder: "process" },
    threads: false,
    deviations: {},
    load: async () => (await import("../../backends/tfjs/index.ts")).Tfjs.node
  },
  {
    name: "tfjs-node-gpu",
    runs: "TensorFlow's own library on CUDA by the package @tensorflow/tfjs-node-gpu, in Node",
    precision: "single",
    foresight: { _tag: "Counted", holder: "device" },
    threads: false,
    deviations: {},
    load: async () => (await import("../../backends/tfjs/index.ts")).Tfjs.nodeGpu
  }
]
