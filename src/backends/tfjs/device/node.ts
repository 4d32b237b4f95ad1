import type { TensorInfo } from "@tensorflow/tfjs-core"
import type { Device } from "../Device.ts"
import type { Core } from "../Engine.ts"
import { LibraryMissing, NoCuda, OtherLibrary, OutOfDeviceMemory, PackageMissing } from "../errors.ts"
import { eager, registerEagerKernels } from "../kernel/eager.ts"
import type { TensorFlow } from "../kernel/execute.ts"
import { registerHostKernels } from "../kernel/host.ts"
import { eagerRules } from "../lower/eager.ts"
import { inNode } from "./gpu.ts"
import { idsWithin } from "./idsWithin.ts"
import { loadCore } from "./load.ts"

type Package = "@tensorflow/tfjs-node" | "@tensorflow/tfjs-node-gpu"

/** What TensorFlow's library reads when it is loaded; values that are there already stay. */
const settings: Readonly<Record<Package, Readonly<Record<string, string>>>> = {
  "@tensorflow/tfjs-node": { TF_CPP_MIN_LOG_LEVEL: "1" },
  // Products in 32 bits, where the default of newer cards is 19; scattered rows added in a fixed order.
  "@tensorflow/tfjs-node-gpu": { TF_CPP_MIN_LOG_LEVEL: "1", NVIDIA_TF32_OVERRIDE: "0", TF_DETERMINISTIC_OPS: "1" }
}

const require = (name: Package): void => {
  for (const [variable, value] of Object.entries(settings[name])) process.env[variable] ??= value
  try {
    process.getBuiltinModule("node:module").createRequire(import.meta.url)(name)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === "MODULE_NOT_FOUND" && message.includes(`'${name}'`)) {
      throw new PackageMissing({ packages: [name], cause })
    }
    throw new LibraryMissing({ package: name, cause })
  }
}

/**
 * Makes instances of the package's backend. The package makes itself the active backend of the global engine when it is
 * loaded, which is undone here; it stays registered, after all others.
 */
const factoryOf = async (core: Core, name: Package): Promise<() => TensorFlow> => {
  const find = () => core.findBackendFactory("tensorflow") as (() => TensorFlow) | null
  // A backend that somebody is setting up would be started a second time.
  if (core.getBackend()) await core.ready()
  const loaded = find()
  if (loaded !== null) return loaded
  const active = core.getBackend()
  require(name)
  const factory = find()!
  core.removeBackend("tensorflow")
  core.registerBackend("tensorflow", factory, 0)
  if (active) await core.setBackend(active)
  return factory
}

const isFull = (cause: unknown): boolean => cause instanceof Error && /^Invalid TF_Status: 8\b/.test(cause.message)

const device = async (name: Device["name"], wanted: Package): Promise<Device> => {
  if (!inNode()) throw new Error(`${wanted} runs in Node alone. In a page, choose Tfjs.webgpu or Tfjs.wasm.`)
  const core = await loadCore()
  const backend = (await factoryOf(core, wanted))()
  const loaded: Package = backend.isGPUPackage ? "@tensorflow/tfjs-node-gpu" : "@tensorflow/tfjs-node"
  if (loaded !== wanted) throw new OtherLibrary({ wanted, loaded })
  if (backend.isGPUPackage && !backend.binding.isUsingGpuDevice()) throw new NoCuda()
  registerEagerKernels(core)
  const values = (own: TensorFlow, x: TensorInfo) => own.readSync(x.dataId) as Float32Array
  registerHostKernels<TensorFlow>(core, eager, {
    values,
    make: (own, data, shape, dtype) => ({ dataId: own.write(data, shape, dtype), shape, dtype })
  })
  let predicted = 0
  return {
    name,
    core,
    backend,
    kernels: eager,
    rules: eagerRules,
    prepare: (program) => program,
    entered: (work) => {
      try {
        return work()
      } catch (cause) {
        if (isFull(cause)) throw new OutOfDeviceMemory({ predicted, available: undefined, cause })
        throw cause
      }
    },
    settle: () => undefined,
    read: (x) => Promise.resolve(values(backend, x)),
    within: (k, op, ids, size) => idsWithin(op, k.known.get(ids.dataId) ?? values(backend, ids), size),
    tensorBytes: Number.MAX_SAFE_INTEGER,
    free: () => undefined,
    lost: () => undefined,
    begin: (bytes) => {
      predicted = bytes
      return () => Promise.resolve()
    },
    close: () => undefined
  }
}

/** TensorFlow's own library on all cores of the processor. */
export const node = (): Promise<Device> => device("tfjs-node", "@tensorflow/tfjs-node")

/** TensorFlow's own library on CUDA. */
export const nodeGpu = (): Promise<Device> => device("tfjs-node-gpu", "@tensorflow/tfjs-node-gpu")
