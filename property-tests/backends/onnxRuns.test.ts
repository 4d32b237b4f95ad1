import { Onnx } from "../../src/backends/onnx/index.ts"
import { onnxOnCpu } from "../../src/experiments/backends/index.ts"
import { conformance, runs } from "./conformance.ts"

// One thread: models this small only make others wait.
conformance("onnx-cpu, whole runs", Onnx.cpuWith({ threads: 1 }), "single", onnxOnCpu, runs)
