import { Onnx } from "../../src/backends/onnx/index.ts"
import { agreement } from "./agreement.ts"
import { conformance } from "./conformance.ts"

conformance(
  "onnx-cpu",
  Onnx.cpu,
  {
    relative: 1e-5,
    absolute: 1e-6,
    reason: "float32 has 24 bits: sums of tens of terms of size 10 round by about 1e-6 of their magnitude."
  },
  {
    "ReduceMax: NaN stays along the last axis": "ONNX Runtime's ReduceMax drops a NaN that is not the first element",
    "ids: a negative id fails": "ONNX Runtime counts negative ids from the end"
  }
)

agreement("onnx-cpu", Onnx.cpu, {
  relative: 1e-4,
  absolute: 1e-4,
  reason:
    "Random programs chain up to 12 ops on values up to 100, so that float32 rounding (6e-8) grows a few hundred times; " +
    "a wrong kernel or gradient is wrong by far more."
})
