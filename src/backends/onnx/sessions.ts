import type { InferenceSession } from "onnxruntime-common"
import { externalFolder } from "./engine/frozen.ts"
import type { SessionOptions } from "./engine/protocol.ts"

type Options = InferenceSession.SessionOptions

/** Bytes of frozen tensors that a model takes in by default. */
const inlined = 2 ** 28

/** How ONNX Runtime runs on the CPU; no setting but `flushDenormals` changes a result. */
export interface CpuOptions {
  /** Threads of one run, one a core by default. */
  readonly threads?: number
  /** Whether waiting threads spin, which is faster unless other processes need the cores. On by default. */
  readonly spinning?: boolean
  /** Whether floats below 1.2e-38 count as zero, which saves up to 15% of a training step. On by default. */
  readonly flushDenormals?: boolean
  /**
   * Whether frozen weights that lie in a file are copied into the layout of the kernels, once an executable. Off by
   * default: the engine maps them, at no cost in memory or set-up. On, a forward pass took 64% of the time with 8 rows and
   * 83% with 512, for 2 s of set-up and a copy of the weights a program (docs/benchmarks.md).
   */
  readonly packing?: boolean
  /**
   * Most bytes of frozen tensors in memory that each executable has a copy of, packed for the kernels; 2²⁸ by default. What
   * is beyond, the largest first, is read where memory holds it.
   */
  readonly inlineBytes?: number
  /** Path prefix under which ONNX Runtime writes a profile of each executable. */
  readonly profile?: string
}

/** What holds on every provider. */
const common = (profile: string | undefined): Options => ({
  // The lowering chooses the kernels; what the optimiser would fuse again is often slower, and looking for it takes time.
  graphOptimizationLevel: "disabled",
  enableMemPattern: false,
  logSeverityLevel: 3,
  ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile })
})

/** Options for `onnxruntime-node`; keys under `extra` are those of ONNX Runtime's configuration. */
export const cpuSession = ({
  threads = 0,
  spinning = true,
  flushDenormals = true,
  packing = false,
  inlineBytes = inlined,
  profile
}: CpuOptions): SessionOptions => {
  const session = {
    set_denormal_as_zero: flushDenormals ? "1" : "0",
    intra_op: { allow_spinning: spinning ? "1" : "0" },
    // Between runs the cores belong to JavaScript: spinning on there nearly doubles the time of a decoding loop.
    force_spinning_stop: "1"
  }
  const options: Options = {
    ...common(profile),
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1
  }
  return {
    inlineBytes,
    options: { ...options, extra: { session: { ...session, disable_prepacking: "0" } } },
    mapping: {
      ...options,
      extra: {
        session: {
          ...session,
          model_external_initializers_file_folder_path: externalFolder,
          // Kernels that repack a weight read all of it at once, into memory of their own.
          disable_prepacking: packing ? "0" : "1"
        }
      }
    }
  }
}

/** Options for `onnxruntime-web` in WebAssembly. */
export const wasmSession: SessionOptions = (() => {
  const options: Options = { ...common(undefined), executionProviders: ["wasm"] }
  return { inlineBytes: inlined, options, mapping: options }
})()

/** How ONNX Runtime runs on WebGPU. */
export interface WebgpuOptions {
  /** Most bytes of frozen tensors in memory that each executable has a copy of; 2²⁸ by default. The rest is shared. */
  readonly inlineBytes?: number
  /**
   * Most bytes of one buffer, as the device's `maxBufferSize` says; 2³² by default, beyond which no shader counts. Larger values
   * are refused before anything runs.
   */
  readonly maxBufferBytes?: number
  /**
   * Bytes that tensors may take on the device, which ONNX Runtime does not tell. Steps that need more are refused before
   * anything runs; where it is not given they fail when the device has no more room.
   */
  readonly memoryBytes?: number
  /** Path prefix under which ONNX Runtime writes a profile of each executable. */
  readonly profile?: string
}

/** Options for `onnxruntime-node` on WebGPU. What has no kernel there runs on the processor. */
export const webgpuSession = ({ inlineBytes = inlined, profile }: WebgpuOptions): SessionOptions => {
  const options: Options = { ...common(profile), executionProviders: ["webgpu"] }
  return {
    inlineBytes,
    options,
    mapping: { ...options, extra: { session: { model_external_initializers_file_folder_path: externalFolder } } }
  }
}

/** How ONNX Runtime runs on CUDA. Products may be in TF32, which keeps 10 bits; NVIDIA_TF32_OVERRIDE=0 forbids that. */
export interface CudaOptions {
  /** Which GPU of those that CUDA_VISIBLE_DEVICES shows, the first by default. */
  readonly deviceId?: number
  /** Most bytes of frozen tensors in memory that each executable has on the device; 2²⁸ by default. The rest is sent with each run. */
  readonly inlineBytes?: number
  /** Path prefix under which ONNX Runtime writes a profile of each executable. */
  readonly profile?: string
}

/** Options for `onnxruntime-node` on CUDA. What has no kernel there runs on the processor. */
export const cudaSession = ({ deviceId = 0, inlineBytes = inlined, profile }: CudaOptions): SessionOptions => {
  const options: Options = { ...common(profile), executionProviders: [{ name: "cuda", deviceId }] }
  return {
    inlineBytes,
    options,
    mapping: { ...options, extra: { session: { model_external_initializers_file_folder_path: externalFolder } } }
  }
}

/** Options for `onnxruntime-web` on WebGPU. */
export const webgpuPageSession: SessionOptions = webgpuSession({})
