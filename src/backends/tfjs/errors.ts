import { Data } from "effect"
import { BackendFailure, type DeviceTrouble } from "../../core/service/index.ts"

/** A package that the backend runs on is not installed. */
export class PackageMissing extends Data.TaggedError("PackageMissing")<{
  readonly packages: ReadonlyArray<string>
  readonly cause: unknown
}> {
  override get message(): string {
    const names = this.packages.join(" ")
    return `${names} cannot be loaded. Install it: npm install ${names}`
  }
}

/** A package is installed, but what it brings in machine code cannot be loaded. */
export class LibraryMissing extends Data.TaggedError("LibraryMissing")<{
  readonly package: string
  readonly cause: unknown
}> {
  override get message(): string {
    return (
      `${this.package} is installed, but its library cannot be loaded: ${reasonOf(this.cause).split("\n")[0]} ` +
      `Fetch or build it: npm rebuild ${this.package} --build-addon-from-source`
    )
  }
}

/** Another package with a library of TensorFlow was loaded first. */
export class OtherLibrary extends Data.TaggedError("OtherLibrary")<{
  readonly wanted: string
  readonly loaded: string
}> {
  override get message(): string {
    return (
      `this process has loaded ${this.loaded}, and two libraries of TensorFlow do not go together. ` +
      `Use ${this.wanted} in a process of its own.`
    )
  }
}

/** TensorFlow runs, but finds no graphics card. */
export class NoCuda extends Data.TaggedError("NoCuda") {
  override get message(): string {
    return (
      "TensorFlow found no GPU; what it missed it has written to standard error. Install the NVIDIA driver, and CUDA and " +
      "cuDNN in the versions that its library was built for, or choose Tfjs.node."
    )
  }
}

/** WebGPU offers no adapter, or is not there at all. */
export class NoAdapter extends Data.TaggedError("NoAdapter")<{ readonly looked: string }> {
  override get message(): string {
    return (
      `no WebGPU adapter (${this.looked}). In a page, use a browser with WebGPU over https or localhost; in Node, ` +
      "install a Vulkan, Metal or Direct3D 12 driver (a software one: VK_ICD_FILENAMES=.../vk_swiftshader_icd.json), " +
      "or choose Tfjs.wasm."
    )
  }
}

/** The device went away: a driver reset, a closed lid, an unplugged card. Everything that it held is gone. */
export class AdapterLost extends Data.TaggedError("AdapterLost")<{ readonly reason: string }> {
  override get message(): string {
    return `the device was lost: ${this.reason} Build the layer anew, or resume from the last checkpoint on another backend.`
  }
}

/** One tensor of the program is larger than a buffer of the device may be. */
export class BufferTooLarge extends Data.TaggedError("BufferTooLarge")<{
  readonly what: string
  readonly bytes: number
  readonly limit: number
}> {
  override get message(): string {
    return `${this.what} takes ${this.bytes} bytes, a buffer of this device holds ${this.limit}. Use smaller batches or shorter sequences.`
  }
}

/** The device has no room for the program. */
export class OutOfDeviceMemory extends Data.TaggedError("OutOfDeviceMemory")<{
  /** Bytes that the program was predicted to need beside what is held already. */
  readonly predicted: number
  /** Bytes that were free; undefined where the device does not tell. */
  readonly available: number | undefined
  readonly cause?: unknown
}> {
  override get message(): string {
    const free = this.available === undefined ? "how many are free it does not tell" : `${this.available} are free`
    return (
      `out of device memory: about ${this.predicted} bytes are needed, ${free}. ` +
      "Use smaller batches, shorter sequences or more micro-batches."
    )
  }
}

/** An id outside its table, found on the device. */
export class IdsOutOfRange extends Data.TaggedError("IdsOutOfRange")<{
  readonly op: string
  readonly least: number
  readonly largest: number
  readonly size: number
}> {
  override get message(): string {
    return (
      `${this.op}: ids from ${this.least} to ${this.largest} are not all inside 0..${this.size - 1}. ` +
      "Check that the ids and the table belong together."
    )
  }
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const troubleOf = (cause: unknown): DeviceTrouble | undefined => {
  if (cause instanceof PackageMissing) return { _tag: "NotInstalled", missing: cause.packages }
  if (cause instanceof LibraryMissing) return { _tag: "NotInstalled", missing: [`the library of ${cause.package}`] }
  if (cause instanceof NoCuda) return { _tag: "NoDevice", lookedFor: ["a GPU that TensorFlow can use"] }
  if (cause instanceof NoAdapter) return { _tag: "NoDevice", lookedFor: [cause.looked] }
  if (cause instanceof AdapterLost) return { _tag: "Lost" }
  if (cause instanceof BufferTooLarge) {
    return { _tag: "TooLarge", what: cause.what, bytes: cause.bytes, limit: cause.limit }
  }
  if (cause instanceof OutOfDeviceMemory) {
    const free = cause.available === undefined ? {} : { availableBytes: cause.available }
    return { _tag: "OutOfMemory", predictedBytes: cause.predicted, ...free }
  }
  return undefined
}

/** Whatever went wrong, as a failure of the backend. */
export const failure = (backend: string, during: BackendFailure["during"], cause: unknown): BackendFailure => {
  if (cause instanceof BackendFailure) return cause
  const trouble = troubleOf(cause)
  return new BackendFailure({
    backend,
    during,
    reason: reasonOf(cause),
    cause,
    ...(trouble === undefined ? {} : { trouble })
  })
}
