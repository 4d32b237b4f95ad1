import { Onnx } from "../../src/backends/onnx/index.ts"
import { onnxOnCpu } from "../../src/experiments/backends/index.ts"
import { conformance, withoutRuns } from "./conformance.ts"

conformance("onnx-cpu", Onnx.cpu, "single", onnxOnCpu, withoutRuns)
