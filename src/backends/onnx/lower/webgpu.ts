import { plainLogSoftmax, plainRmsNorm, plainRmsScale } from "./composite.ts"
import { cpu } from "./cpu.ts"
import { attend, matMul } from "./linear.ts"
import type { Rule, Rules } from "./Plan.ts"

/** The logarithm of a negative number is whatever the device makes of it: NaN has to be said, so that guards see it. */
const log: Rule<"Log"> = ({ node }) => ({
  args: node.args,
  emit: (e, [x]) => e.node("Where", [e.node("Less", [x!, e.scalar(0)]), e.scalar(Number.NaN), e.node("Log", [x!])])
})

/**
 * The lowering for ONNX Runtime's WebGPU kernels. What they lack runs on the processor, and its operands travel: so it is
 * written in operators that they have, wherever a model meets it.
 */
export const webgpu: Rules = {
  ...cpu,
  Log: log,
  MatMul: matMul(false),
  Attend: attend(false),
  LogSoftmax: plainLogSoftmax,
  RmsNorm: plainRmsNorm,
  RmsScale: plainRmsScale
}
