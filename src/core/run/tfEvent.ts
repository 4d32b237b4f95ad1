import { maskedCrc32c } from "./crc32c.ts"

/** One entry of a TensorBoard file; `wallTime` in seconds since 1970. */
export interface TfEvent {
  readonly wallTime: number
  readonly step?: number
  readonly fileVersion?: string
  readonly scalars?: ReadonlyArray<{ readonly tag: string; readonly value: number }>
  /** A new session begins at `step`: readers drop what older files hold from there on. */
  readonly sessionStart?: boolean
}

const varint = (value: number): Array<number> => {
  const out: Array<number> = []
  let rest = value
  while (rest > 0x7f) {
    out.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return [...out, rest]
}

const lengthDelimited = (field: number, bytes: ArrayLike<number>): Array<number> => [
  (field << 3) | 2,
  ...varint(bytes.length),
  ...Array.from(bytes)
]

const little = (bytes: number, write: (view: DataView) => void): Uint8Array => {
  const view = new DataView(new ArrayBuffer(bytes))
  write(view)
  return new Uint8Array(view.buffer)
}

const string = (field: number, text: string): Array<number> => lengthDelimited(field, new TextEncoder().encode(text))

/**
 * The protobuf message `Event{1 wall_time: double, 2 step: int64, 3 file_version, 5 summary, 7 session_log}` with
 * `Summary{1 value: {1 tag, 2 simple_value: float}}` and `SessionLog{1 status: START = 1}`.
 */
export const encodeEvent = ({ wallTime, step, fileVersion, scalars, sessionStart }: TfEvent): Uint8Array => {
  const values = (scalars ?? []).map(({ tag, value }) =>
    lengthDelimited(1, [...string(1, tag), (2 << 3) | 5, ...little(4, (view) => view.setFloat32(0, value, true))])
  )
  return Uint8Array.from([
    (1 << 3) | 1,
    ...little(8, (view) => view.setFloat64(0, wallTime, true)),
    ...(step === undefined ? [] : [2 << 3, ...varint(step)]),
    ...(fileVersion === undefined ? [] : string(3, fileVersion)),
    ...(values.length === 0 ? [] : lengthDelimited(5, values.flat())),
    ...(sessionStart === true ? lengthDelimited(7, [1 << 3, 1]) : [])
  ])
}

/** A record: u64 length, its masked CRC, the data, its masked CRC; little-endian. */
export const record = (data: Uint8Array): Uint8Array => {
  const out = new Uint8Array(8 + 4 + data.length + 4)
  const view = new DataView(out.buffer)
  view.setBigUint64(0, BigInt(data.length), true)
  view.setUint32(8, maskedCrc32c(out.subarray(0, 8)), true)
  out.set(data, 12)
  view.setUint32(12 + data.length, maskedCrc32c(data), true)
  return out
}
