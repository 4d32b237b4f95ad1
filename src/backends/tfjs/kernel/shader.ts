import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu"
import type { TensorInfo } from "@tensorflow/tfjs-core"
import type { Core } from "../Engine.ts"

type Program = Parameters<WebGPUBackend["runWebGPUProgram"]>[0]

/** Invocations of one work group. */
export const groupSize = 64

/**
 * A shader whose sizes are all literals. Inputs are arrays x0, x1, ... in row-major order, the output is `result`; the
 * body is the inside of `fn main(index : i32)`, called for `invocations` indices and for some beyond.
 */
export interface Shader {
  /** Declarations outside of functions. */
  readonly head: string
  readonly body: string
  readonly invocations: number
  /** Numbers that may differ from run to run, as fields of `uniforms`. */
  readonly uniforms?: string
}

const count = (shape: ReadonlyArray<number>): number => shape.reduce((n, d) => n * d, 1)

/** Bindings are laid out by use, and must all be there. */
const uses = (inputs: number): string =>
  ["_ = uniforms.NAN;", ...Array.from({ length: inputs }, (_, i) => `_ = &x${i};`)].join(" ")

const programOf = ({ head, body, invocations, uniforms }: Shader, inputs: number, elements: number): Program => ({
  variableNames: Array.from({ length: inputs }, (_, i) => `x${i}`),
  outputShape: [elements],
  workgroupSize: [groupSize, 1, 1],
  dispatchLayout: { x: [0] },
  dispatch: [Math.ceil(invocations / groupSize), 1, 1],
  // Pipelines are kept under this key, and nothing of a shader is told apart by anything but its text.
  shaderKey: `rewardflow ${head} ${body}`,
  ...(uniforms === undefined ? {} : { uniforms }),
  getUserCode: () => `${head}\nfn main(index : i32) {\n${uses(inputs)}\n${body}\n}`
})

const flat = (x: TensorInfo): TensorInfo => ({ ...x, shape: [count(x.shape)] })

/** Writes rows over those of a tensor from row `at` on, where it lies. */
export const writeRows = (backend: WebGPUBackend, into: TensorInfo, rows: TensorInfo, at: number): void => {
  const elements = count(rows.shape)
  const body = `if (index < ${elements}) { result[uniforms.begin + index] = x0[index]; }`
  const program = programOf({ head: "", body, invocations: elements, uniforms: "begin : i32, " }, 1, count(into.shape))
  const begin = [{ type: "int32", data: [at * count(into.shape.slice(1))] }]
  backend.runWebGPUProgram(program, [flat(rows)], into.dtype, begin, flat(into))
  // The host may have a copy, from when the tensor was read.
  Reflect.set(backend.tensorMap.get(into.dataId), "values", null)
}

/** Registers the kernel that runs a shader of our own. */
export const registerShaderKernel = (core: Core): void => {
  const kernelName = "RewardflowShader"
  if (core.getKernel(kernelName, "webgpu") !== undefined) return
  core.registerKernel({
    kernelName,
    backendName: "webgpu",
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { head, body, invocations, shape, dtype } = attrs as unknown as Shader & {
        readonly shape: Array<number>
        readonly dtype: TensorInfo["dtype"]
      }
      const operands = Object.values(inputs).map((x) => flat(x!))
      const program = programOf({ head, body, invocations }, operands.length, count(shape))
      const made = (backend as WebGPUBackend).runWebGPUProgram(program, operands, dtype)
      return { ...made, shape }
    }
  })
}
