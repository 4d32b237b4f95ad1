import { createRequire } from "node:module"
import type { Absence } from "./deviceErrors.ts"

type Variables = Readonly<Record<string, string | undefined>>

const said = (env: Variables, name: string): string => `${name}=${env[name] ?? ""}`

/** Where a WebGPU adapter comes from on this system. */
export const webgpuAdapters = (platform: string, env: Variables): Absence => {
  if (platform === "darwin") return { lookedFor: ["a Metal device"], fix: "Run on a Mac with a GPU." }
  if (platform === "win32") return { lookedFor: ["a Direct3D 12 device"], fix: "Install a driver for the GPU." }
  return {
    lookedFor: [
      `the library libvulkan.so.1 (${said(env, "LD_LIBRARY_PATH")})`,
      `a Vulkan driver (${said(env, "VK_DRIVER_FILES")}, ${said(env, "VK_ICD_FILENAMES")}, else those that are installed)`
    ],
    fix: "Install the driver of the GPU and the Vulkan loader (Debian: libvulkan1, mesa-vulkan-drivers)."
  }
}

/** Libraries of ONNX Runtime's CUDA provider, as its install script names them. */
const providers = ["libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so"]

/** Libraries of CUDA 12 that the provider asks the system for. */
const cudaLibraries = [
  "libcudart.so.12",
  "libcublasLt.so.12",
  "libcublas.so.12",
  "libcurand.so.10",
  "libcufft.so.11",
  "libcudnn.so.9"
]

const { resolve } = createRequire(import.meta.url)

/** The folder of onnxruntime-node's own libraries. */
export const libraryFolder = (platform: string, arch: string): string =>
  resolve("onnxruntime-node").replace(/dist.index\.js$/, `bin/napi-v6/${platform}/${arch}`)

const there = (file: string): boolean => {
  try {
    resolve(file)
    return true
  } catch {
    return false
  }
}

/** What a machine is, as far as CUDA asks. */
export interface Machine {
  readonly platform: string
  readonly arch: string
  readonly env: Variables
  /** Where onnxruntime-node has its libraries. */
  readonly folder: string
  readonly exists?: (file: string) => boolean
}

/** The provider's libraries that are missing, or `undefined` where all are there. */
export const missingCuda = ({ platform, arch, folder, exists = there }: Machine): Absence | undefined => {
  if (platform !== "linux" || arch !== "x64") {
    const fix = "Use Onnx.webgpu, which runs on that GPU too."
    return { lookedFor: [`Linux on x64, the only system with the CUDA provider (this is ${platform} on ${arch})`], fix }
  }
  const missing = providers.map((name) => `${folder}/${name}`).filter((file) => !exists(file))
  if (missing.length === 0) return undefined
  return {
    lookedFor: missing,
    fix: "Fetch them, for CUDA 12: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node"
  }
}

/** What the CUDA provider needs of the system besides its own libraries. */
export const cudaSystem = (env: Variables): Absence => ({
  lookedFor: [
    `an NVIDIA GPU with its driver (${said(env, "CUDA_VISIBLE_DEVICES")})`,
    `${cudaLibraries.join(", ")} (${said(env, "LD_LIBRARY_PATH")})`
  ],
  fix: "Install the driver, CUDA 12 and cuDNN 9, and let LD_LIBRARY_PATH name their folders."
})
