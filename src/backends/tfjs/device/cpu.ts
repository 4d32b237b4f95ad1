import type { Device } from "../Device.ts"
import { registerHostKernels } from "../kernel/host.ts"
import { standard } from "../lower/standard.ts"
import { readable } from "./idsWithin.ts"
import { load, loadCore } from "./load.ts"

const packages = ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-cpu"]

/** TensorFlow.js in plain JavaScript. */
export const cpu = async (): Promise<Device> => {
  const core = await loadCore()
  const { MathBackendCPU } = await load(packages, () => import("@tensorflow/tfjs-backend-cpu"))
  const backend = new MathBackendCPU()
  // Or it would recommend another package on standard error.
  Reflect.set(backend, "firstUse", false)
  type Backend = typeof backend
  const values = (own: Backend, x: { readonly dataId: object }) => own.readSync(x.dataId) as Float32Array
  registerHostKernels<Backend>(core, "cpu", {
    values,
    make: (own, data, shape, dtype) => own.makeTensorInfo(shape, dtype, data)
  })
  return {
    name: "tfjs-cpu",
    core,
    backend,
    kernels: "cpu",
    rules: standard,
    prepare: (program) => program,
    entered: (work) => work(),
    settle: () => undefined,
    read: (x) => Promise.resolve(values(backend, x)),
    within: readable((x) => values(backend, x)),
    tensorBytes: 2 ** 32,
    free: () => undefined,
    lost: () => undefined,
    begin: () => () => Promise.resolve(),
    close: () => undefined
  }
}
