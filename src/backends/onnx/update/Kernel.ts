/** An elementwise operation with a SIMD instruction of its own. */
export type KernelOp = "Abs" | "Neg" | "Sqrt" | "Add" | "Sub" | "Mul" | "Div" | "Max" | "Min"

/**
 * A value of a kernel: an element of an operand, one of the numbers given to each call, a number known
 * now, or an operation on earlier values.
 */
export type KernelValue =
  | { readonly _tag: "Operand"; readonly slot: number }
  | { readonly _tag: "Scalar"; readonly index: number }
  | { readonly _tag: "Constant"; readonly value: number }
  | { readonly _tag: "Apply"; readonly op: KernelOp; readonly args: ReadonlyArray<number> }

/** One loop over equally long arrays: its values in order of evaluation, and which of them go to which slot. */
export interface Kernel {
  readonly values: ReadonlyArray<KernelValue>
  readonly stores: ReadonlyArray<{ readonly value: number; readonly slot: number }>
  /** Number of arrays, read or written. */
  readonly slots: number
  /** Number of float parameters of a call. */
  readonly scalars: number
}

/** Elements of each array that one call handles. A few such blocks fit the second-level cache. */
export const blockSize = 4096

/** Bytes of linear memory that a kernel works in: slot k begins at k · blockSize floats. */
export const memoryPages = (kernel: Kernel): number => Math.ceil((kernel.slots * blockSize * 4) / 65536)

const unsigned = (n: number): ReadonlyArray<number> => (n < 128 ? [n] : [(n & 127) | 128, ...unsigned(n >>> 7)])

const signed = (n: number): ReadonlyArray<number> => {
  const low = n & 127
  const rest = n >> 7
  const last = (rest === 0 && (low & 64) === 0) || (rest === -1 && (low & 64) !== 0)
  return last ? [low] : [low | 128, ...signed(rest)]
}

const vector = (items: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<number> => [
  ...unsigned(items.length),
  ...items.flat()
]

const section = (id: number, items: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<number> => {
  const body = vector(items)
  return [id, ...unsigned(body.length), ...body]
}

const name = (text: string): ReadonlyArray<number> => vector(Array.from(text, (c) => [c.charCodeAt(0)]))

const floatBytes = (value: number): ReadonlyArray<number> => [...new Uint8Array(Float32Array.of(value).buffer)]

// WebAssembly core specification 2.0, sections 5.3 (types) and 5.4 (instructions).
const i32 = 0x7f
const f32 = 0x7d
const v128 = 0x7b
const localGet = (index: number) => [0x20, ...unsigned(index)]
const localSet = (index: number) => [0x21, ...unsigned(index)]
const simd = (code: number, ...rest: ReadonlyArray<number>) => [0xfd, ...unsigned(code), ...rest]
const alignedAt = (offset: number) => [4, ...unsigned(offset)]
const load = (offset: number) => simd(0x00, ...alignedAt(offset))
const store = (offset: number) => simd(0x0b, ...alignedAt(offset))
const splat = simd(0x13)
const instruction: { readonly [O in KernelOp]: number } = {
  Abs: 0xe0,
  Neg: 0xe1,
  Sqrt: 0xe3,
  Add: 0xe4,
  Sub: 0xe5,
  Mul: 0xe6,
  Div: 0xe7,
  Min: 0xe8,
  Max: 0xe9
}

/**
 * The kernel as a WebAssembly module: it imports the memory `m.m` and exports `run(bytes, ...scalars)`,
 * which handles the first `bytes` bytes of each slot, four floats at a time; `bytes` is a positive multiple of 16.
 *
 * Every instruction rounds as IEEE 754 says, so results do not depend on the machine.
 */
export const encode = ({ values, stores, slots, scalars }: Kernel): Uint8Array<ArrayBuffer> => {
  const position = scalars + 1
  const local = (value: number): number => position + 1 + value
  const offset = (slot: number): number => slot * blockSize * 4
  // Numbers are spread over a vector once, before the loop.
  const outside = values.flatMap((v, i) => {
    if (v._tag === "Scalar") return [...localGet(1 + v.index), ...splat, ...localSet(local(i))]
    if (v._tag === "Constant") return [0x43, ...floatBytes(v.value), ...splat, ...localSet(local(i))]
    return []
  })
  const inside = values.flatMap((v, i) => {
    if (v._tag === "Operand") return [...localGet(position), ...load(offset(v.slot)), ...localSet(local(i))]
    if (v._tag === "Apply") {
      return [...v.args.flatMap((a) => localGet(local(a))), ...simd(instruction[v.op]), ...localSet(local(i))]
    }
    return []
  })
  const written = stores.flatMap((s) => [...localGet(position), ...localGet(local(s.value)), ...store(offset(s.slot))])
  const advance = [...localGet(position), 0x41, ...signed(16), 0x6a, 0x22, ...unsigned(position)]
  const loop = [0x03, 0x40, ...inside, ...written, ...advance, ...localGet(0), 0x49, 0x0d, 0, 0x0b]
  const locals = vector([
    [1, i32],
    [...unsigned(values.length), v128]
  ])
  const body = [...locals, ...outside, ...loop, 0x0b]
  const parameters = vector([[i32], ...Array.from({ length: scalars }, () => [f32])])
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [[0x60, ...parameters, 0]]),
    ...section(2, [[...name("m"), ...name("m"), 2, 0, ...unsigned(Math.ceil((slots * blockSize * 4) / 65536))]]),
    ...section(3, [[0]]),
    ...section(7, [[...name("run"), 0, 0]]),
    ...section(10, [[...unsigned(body.length), ...body]])
  ])
}
