import { Data } from "effect"

/** TrueType fonts as bytes, so that a picture looks the same on a machine that has none. */
export interface Fonts {
  readonly text: Uint8Array
  readonly bold: Uint8Array
  readonly code: Uint8Array
}

/** A picture could not be made from a drawing. */
export class PrintFailed extends Data.TaggedError("PrintFailed")<{
  readonly format: "PNG" | "PDF"
  readonly library: string
  readonly cause: unknown
}> {
  override get message(): string {
    const reason = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return /Cannot find (package|module)/.test(reason)
      ? `No ${this.format} without ${this.library}. Install it: npm install ${this.library}`
      : `${this.library} made no ${this.format}: ${reason}. The SVG can be used in its place.`
  }
}
