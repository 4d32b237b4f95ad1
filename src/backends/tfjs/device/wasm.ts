import type { TensorInfo } from "@tensorflow/tfjs-core"
import { Shapes } from "../../../core/tensor/index.ts"
import type { Device } from "../Device.ts"
import { OutOfDeviceMemory } from "../errors.ts"
import { registerHostKernels } from "../kernel/host.ts"
import { wasmRules } from "../lower/wasm.ts"
import { readable } from "./idsWithin.ts"
import { load, loadCore } from "./load.ts"

const packages = ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-wasm"]

export interface WasmOptions {
  /**
   * Where the `.wasm` files of `@tensorflow/tfjs-backend-wasm/dist` lie: a folder, or each file's address by its name. In
   * Node they are found beside the package; a page serves them itself.
   */
  readonly paths?: string | Readonly<Record<string, string>>
}

/** What Emscripten gives every module, and the declared type leaves out. */
interface Heap {
  _malloc: (bytes: number) => number
  readonly HEAPU8: Uint8Array
}

/** TensorFlow.js compiled to WebAssembly. */
export const wasm = async ({ paths }: WasmOptions): Promise<Device> => {
  const core = await loadCore()
  const module = await load(packages, () => import("@tensorflow/tfjs-backend-wasm"))
  if (paths !== undefined) module.setWasmPaths(paths)
  // The factory makes an instance with a heap of its own, and tells the global engine nothing of it.
  const backend = (await core.findBackendFactory("wasm")()) as InstanceType<typeof module.BackendWasm>
  type Backend = typeof backend
  const heap = backend.wasm as typeof backend.wasm & Heap
  const malloc = heap._malloc
  // A heap that cannot grow answers 0, which kernels would take for an address.
  heap._malloc = (bytes: number) => {
    const at = malloc(bytes)
    if (at === 0 && bytes > 0)
      throw new OutOfDeviceMemory({ predicted: bytes, available: 2 ** 32 - heap.HEAPU8.length })
    return at
  }
  const values = (own: Backend, x: TensorInfo) => own.typedArrayFromHeap(x) as Float32Array
  registerHostKernels<Backend>(core, "wasm", {
    values,
    make: (own, data, shape, dtype) => own.makeOutput(shape, dtype, undefined, data)
  })
  const setups = core
    .getKernelsForBackend("wasm")
    .flatMap(({ setupFunc }) => (setupFunc === undefined ? [] : [setupFunc]))
  // Kernels keep the functions of the instance that was set up last in variables of their modules.
  const setUp = (instance: object) => {
    for (const setup of setups) setup(instance)
  }
  return {
    name: "tfjs-wasm",
    core,
    backend,
    kernels: "wasm",
    rules: wasmRules,
    prepare: (program) => program,
    entered: (work) => {
      setUp(backend)
      try {
        return work()
      } finally {
        const theirs = core.engine().registry["wasm"]
        if (theirs !== undefined) setUp(theirs)
      }
    },
    settle: () => undefined,
    read: (x) => Promise.resolve(values(backend, x).slice()),
    within: readable((x) => values(backend, x)),
    writeRows: (into, rows, at) =>
      values(backend, into).set(values(backend, rows), at * Shapes.size(into.shape.slice(1))),
    tensorBytes: 2 ** 31,
    free: () => undefined,
    lost: () => undefined,
    begin: () => () => Promise.resolve(),
    close: () => backend.dispose()
  }
}
