import { Data, Runtime } from "effect"

/** A model that was named and is neither on this machine nor on the hub. */
export class ModelNotFound extends Data.TaggedError("ModelNotFound")<{
  /** What the configuration calls it. */
  readonly name: string
  /** The folders that were looked in. */
  readonly looked: ReadonlyArray<string>
  /** What the hub said, where it was asked. */
  readonly hub?: string
}> {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    const hub = this.hub === undefined ? "" : ` The hub says: ${this.hub}`
    return (
      `Model ${this.name}: there is no config.json in ${this.looked.join(" or ")}.${hub} ` +
      "Give a model folder, the directory of a finished run, ORGANISATION/NAME[@REVISION] of the hub, or fresh."
    )
  }
}

/** A file of a model folder that cannot be used. */
export class BadModelFolder extends Data.TaggedError("BadModelFolder")<{
  readonly file: string
  readonly reason: string
  /** The repair, where the reason does not say it. */
  readonly fix?: string
}> {
  override get message(): string {
    return `${this.file}: ${this.reason}${this.fix === undefined ? "" : `. ${this.fix}.`}`
  }
}
