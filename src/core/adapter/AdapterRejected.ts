import { Data } from "effect"

/** An adapter that is malformed, asks for something that is not computed here, or belongs to another model. */
export class AdapterRejected extends Data.TaggedError("AdapterRejected")<{
  /** `malformed`: no such adapter can exist. `unsupported`: it can, but not here. `mismatch`: it is for another base. */
  readonly kind: "malformed" | "unsupported" | "mismatch"
  /** The folder that it was read from, where it was. */
  readonly from?: string
  /** A key of `adapter_config.json`, or a tensor of `adapter_model.safetensors`. */
  readonly at: string
  /** What is wrong, and the repair. */
  readonly reason: string
}> {
  override get message(): string {
    return `${this.from ?? "adapter"}: ${this.at}: ${this.reason}`
  }
}
