import { load } from "./load.ts"

interface Gpu {
  /** WebGPU; undefined where a browser has none. */
  readonly gpu: GPU | undefined
  /** Makes something that insists on finding `navigator.gpu`. */
  readonly visible: <A>(make: () => A) => A
}

/** Whether this is Node, and no page. */
export const inNode = (): boolean => typeof process === "object" && typeof process.versions?.node === "string"

/** Makes something while `navigator.gpu` is there. */
const lent =
  (gpu: GPU) =>
  <A>(make: () => A): A => {
    const before = Object.getOwnPropertyDescriptor(globalThis, "navigator")
    Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true })
    try {
      return make()
    } finally {
      if (before === undefined) Reflect.deleteProperty(globalThis, "navigator")
      else Object.defineProperty(globalThis, "navigator", before)
    }
  }

let dawn: Promise<GPU> | undefined

/** One instance a process: Dawn does not like to be there twice. */
const openDawn = async (): Promise<GPU> => {
  const { create, globals } = await load(["webgpu"], () => import("webgpu"))
  // Constants and classes that the standard names, which TensorFlow.js expects where a browser has them.
  for (const [name, value] of Object.entries(globals)) if (!(name in globalThis)) Reflect.set(globalThis, name, value)
  return create([])
}

/** The WebGPU of this page or worker; in Node that of the package `webgpu`, which is Dawn. */
export const gpuOf = async (): Promise<Gpu> => {
  if (typeof navigator === "object" && navigator.gpu !== undefined) {
    return { gpu: navigator.gpu, visible: (make) => make() }
  }
  if (!inNode()) return { gpu: undefined, visible: (make) => make() }
  dawn ??= openDawn()
  const gpu = await dawn
  return { gpu, visible: lent(gpu) }
}
