import type { Tensor } from "../../../core/tensor/index.ts"
import { blockSize } from "../update/Kernel.ts"
import { type Memory, type Pinned, view, writable } from "./Memory.ts"
import type { RunPlan, UpdatePlan } from "./protocol.ts"

/** What the engine uses of the global of this name, which the compiler's libraries declare for pages only. */
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer }
  readonly instantiate: (
    module: Uint8Array<ArrayBuffer>,
    imports: { readonly m: { readonly m: { readonly buffer: ArrayBuffer } } }
  ) => Promise<{ readonly instance: { readonly exports: Readonly<Record<string, unknown>> } }>
}

/** A kernel ready to run: its memory, seen as one array a slot, and its entry. */
interface Loaded {
  readonly slots: ReadonlyArray<Float32Array>
  readonly run: (bytes: number, ...scalars: ReadonlyArray<number>) => void
}

/** Results of the model by name. */
export type Values = Readonly<Record<string, { readonly data: unknown }>>

const instantiate = async ({ module, slots }: RunPlan["kernels"][number]): Promise<Loaded> => {
  const memory = new WebAssembly.Memory({ initial: Math.ceil((slots * blockSize * 4) / 65536) })
  const { instance } = await WebAssembly.instantiate(module, { m: { m: memory } })
  return {
    slots: Array.from({ length: slots }, (_, i) => new Float32Array(memory.buffer, i * blockSize * 4, blockSize)),
    run: instance.exports["run"] as Loaded["run"]
  }
}

/** The tensor in memory at its whole size, in a buffer that nobody else reads. */
const owned = (memory: Memory, pinned: Pinned, port: Parameters<typeof view>[1]): Float32Array => {
  const seen = view(memory, port)
  // Replacing a tensor by its first rows, as the program declares it, shortens it.
  if (seen.data.length !== memory.get(port.name)!.data.length)
    memory.set(port.name, { ...seen, data: seen.data.slice() } as Tensor)
  return writable(memory, pinned, port.name).data as Float32Array
}

const apply = (
  [memory, pinned]: readonly [Memory, Pinned],
  update: UpdatePlan,
  kernel: Loaded,
  values: Values
): void => {
  const arrays = update.slots.map((s) =>
    "memory" in s ? owned(memory, pinned, s.memory) : (values[s.value]!.data as Float32Array)
  )
  const scalars = update.scalars.map((name) => (values[name]!.data as Float32Array)[0]!)
  for (let at = 0; at < update.length; at += blockSize) {
    const end = Math.min(at + blockSize, update.length)
    for (const slot of update.reads) kernel.slots[slot]!.set(arrays[slot]!.subarray(at, end))
    kernel.run(((end - at + 3) >> 2) << 4, ...scalars)
    for (const slot of update.writes) {
      const block = kernel.slots[slot]!
      arrays[slot]!.set(end - at === blockSize ? block : block.subarray(0, end - at), at)
    }
  }
}

/** Compiles the kernels of a plan; the result rewrites memory from a run's values. */
export const loadUpdates = async (plan: RunPlan): Promise<(memory: Memory, pinned: Pinned, values: Values) => void> => {
  const kernels = await Promise.all(plan.kernels.map(instantiate))
  return (memory, pinned, values) => {
    for (const update of plan.updates) apply([memory, pinned], update, kernels[update.kernel]!, values)
  }
}

/** Refuses a run whose updates would not find their tensors, before anything runs. */
export const checkUpdates = (memory: Memory, plan: RunPlan): void => {
  for (const { slots } of plan.updates) for (const s of slots) if ("memory" in s) view(memory, s.memory)
}
