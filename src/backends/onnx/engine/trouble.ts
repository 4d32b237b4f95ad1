import type { DeviceTrouble } from "../../../core/service/index.ts"

/** What ONNX Runtime and the layers below it say of a device, and what it means. The first that fits counts. */
const meanings: ReadonlyArray<readonly [pattern: RegExp, meaning: (found: RegExpMatchArray) => DeviceTrouble]> = [
  [
    /Failed to get a WebGPU adapter|no CUDA-capable device|CUDA driver version is insufficient/i,
    () => ({ _tag: "NoDevice", lookedFor: [] })
  ],
  [/Failed to load (?:shared )?library/i, () => ({ _tag: "NotInstalled", missing: [] })],
  [
    /Buffer size \((\d+)\) exceeds the max buffer size limit \((\d+)\)/,
    ([, bytes, limit]) => ({ _tag: "TooLarge", what: "a buffer", bytes: Number(bytes), limit: Number(limit) })
  ],
  [
    // What is being read when the device goes hears only that its buffer is no longer mapped.
    /device (?:was |is |has been )?lost|DEVICE_LOST|device is destroyed|before mapping was resolved/i,
    () => ({ _tag: "Lost" })
  ],
  [
    // Of a buffer that the device has no room for, the next to use it hears no more than that.
    /Invalid Buffer .*due to a previous error|out of (?:device )?memory|OUT_OF_(?:DEVICE|HOST)_MEMORY|Failed to allocate memory|CUBLAS_STATUS_ALLOC_FAILED|bad_alloc/i,
    () => ({ _tag: "OutOfMemory" })
  ]
]

/** What an engine's message says of its device, if it does. */
export const troubleOf = (message: string): DeviceTrouble | undefined => {
  for (const [pattern, meaning] of meanings) {
    const found = message.match(pattern)
    if (found !== null) return meaning(found)
  }
  return undefined
}

/** The way out. */
export const remedy = (trouble: DeviceTrouble): string => {
  switch (trouble._tag) {
    case "Lost":
      return "The device is gone, with all memory on it: go on from the last checkpoint, on another backend, or in a new process (a page: load it again)."
    case "OutOfMemory":
      return "Make batches or sequences smaller, release what is compiled and not in use, or choose a backend with more memory."
    case "TooLarge":
      return "Make batches smaller, or the loss in chunks, or choose a backend without that limit."
    case "NoDevice":
    case "NotInstalled":
      return "Choose another backend, such as Onnx.cpu, where it cannot be had."
  }
}
