import { Data, Result } from "effect"
import { type Shape, Shapes } from "../tensor/index.ts"
import { duplicateKey } from "./duplicateKey.ts"

/** Bytes that are no safetensors file, or hold something that a `Tensor` cannot. */
export class SafetensorsRejected extends Data.TaggedError("SafetensorsRejected")<{
  /** `malformed`: not the format. `unsupported`: valid, but of a dtype or a range that is not read here. */
  readonly kind: "malformed" | "unsupported"
  /** The tensor concerned, where there is one. */
  readonly tensor?: string
  readonly reason: string
}> {
  override get message(): string {
    return `safetensors${this.tensor === undefined ? "" : `: tensor "${this.tensor}"`}: ${this.reason}`
  }
}

/** Bytes of one element, by dtype name. */
export const widths = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8
} as const

/** An element type as the file names it. */
export type StoredDType = keyof typeof widths

/** Where one tensor lies: `begin` and `end` are bytes from the start of the file. */
export interface Entry {
  readonly dtype: StoredDType
  readonly shape: Shape
  readonly begin: number
  readonly end: number
}

/** The table of contents of a file, checked: entries fill the file after the header exactly, without overlap. */
export interface Header {
  readonly entries: Readonly<Record<string, Entry>>
  readonly metadata: Readonly<Record<string, string>>
}

/** Longest header that is read, in bytes. */
export const maximumHeader = 100_000_000

/** A value, or why the file is refused. */
export type Checked<A> = Result.Result<A, SafetensorsRejected>

const malformed = (reason: string, tensor?: string) =>
  Result.fail(
    new SafetensorsRejected(
      tensor === undefined ? { kind: "malformed", reason } : { kind: "malformed", tensor, reason }
    )
  )

const isObject = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === "object" && x !== null && !Array.isArray(x)

const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0

const entryOf = (name: string, x: unknown, dataStart: number, length: number): Checked<Entry> => {
  if (!isObject(x)) return malformed("its entry is not an object.", name)
  const { dtype, shape, data_offsets: offsets } = x
  if (typeof dtype !== "string" || !Object.hasOwn(widths, dtype)) {
    return Result.fail(
      new SafetensorsRejected({
        kind: "unsupported",
        tensor: name,
        reason: `dtype ${JSON.stringify(dtype)} is not known.`
      })
    )
  }
  const known = dtype as StoredDType
  if (!Array.isArray(shape) || !shape.every(isCount)) return malformed("shape is not a list of counts.", name)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    return malformed("data_offsets is not [begin, end].", name)
  }
  const [begin, end] = offsets as [number, number]
  const bytes = Shapes.size(shape) * widths[known]
  if (!Number.isSafeInteger(bytes) || end - begin !== bytes) {
    return malformed(`${known}${Shapes.print(shape)} does not fill the ${end - begin} bytes of data_offsets.`, name)
  }
  if (dataStart + end > length) return malformed(`ends at byte ${dataStart + end} of a file of ${length}.`, name)
  return Result.succeed({ dtype: known, shape, begin: dataStart + begin, end: dataStart + end })
}

/** Entries must lie end to end: a hole could hide anything, an overlap would alias. */
const contiguity = (entries: Readonly<Record<string, Entry>>, dataStart: number, length: number): Checked<void> => {
  const sorted = Object.entries(entries).sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)
  let at = dataStart
  for (const [name, { begin, end }] of sorted) {
    if (begin !== at)
      return malformed(`begins at byte ${begin}, ${begin < at ? "inside" : "not at the end of"} the one before.`, name)
    at = end
  }
  return at === length ? Result.void : malformed(`the tensors end at byte ${at} of a file of ${length}.`)
}

const metadataOf = (x: unknown): Checked<Readonly<Record<string, string>>> => {
  if (x === undefined) return Result.succeed({})
  if (!isObject(x) || !Object.values(x).every((v) => typeof v === "string")) {
    return malformed("__metadata__ must map strings to strings.")
  }
  return Result.succeed(x as Readonly<Record<string, string>>)
}

/** Bytes of the header with its length field, from the first 8 bytes of a file: what to read before `parseHeader`. */
export const headerLength = (bytes: Uint8Array): Checked<number> => {
  if (bytes.length < 8) return malformed(`a file of ${bytes.length} bytes has no header length.`)
  const declared = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true)
  if (declared > BigInt(maximumHeader)) return malformed(`a header of ${declared} bytes exceeds ${maximumHeader}.`)
  return Result.succeed(8 + Number(declared))
}

const jsonOf = (bytes: Uint8Array): Checked<Readonly<Record<string, unknown>>> => {
  if (bytes[0] !== 0x7b) return malformed('the header does not start with "{".')
  let parsed: unknown
  let text: string
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes)
    parsed = JSON.parse(text)
  } catch (error) {
    return malformed(`the header is not JSON in UTF-8: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (!isObject(parsed)) return malformed("the header is not an object.")
  const twice = duplicateKey(text)
  return twice === undefined ? Result.succeed(parsed) : malformed(`the header has the key ${twice} twice.`)
}

/**
 * Reads the header from the first bytes of a file of `length` bytes, so that tensors can be read one by one
 * from a file larger than memory. Nothing is allocated by what the header claims.
 */
export const parseHeader = (bytes: Uint8Array, length: number = bytes.length): Checked<Header> =>
  Result.flatMap(headerLength(bytes), (dataStart) => {
    if (dataStart > bytes.length)
      return malformed(`the header ends at byte ${dataStart}, the bytes at ${bytes.length}.`)
    return Result.flatMap(jsonOf(bytes.subarray(8, dataStart)), ({ __metadata__, ...rest }) =>
      Result.flatMap(metadataOf(__metadata__), (metadata) => {
        const checked: Array<readonly [string, Entry]> = []
        for (const [name, value] of Object.entries(rest)) {
          const entry = entryOf(name, value, dataStart, length)
          if (Result.isFailure(entry)) return Result.fail(entry.failure)
          checked.push([name, entry.success])
        }
        const entries = Object.fromEntries(checked)
        return Result.map(contiguity(entries, dataStart, length), () => ({ entries, metadata }))
      })
    )
  })
