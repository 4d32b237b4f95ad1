import { Data, Runtime } from "effect"

/** A model that was named and is not on this machine. */
export class ModelNotFound extends Data.TaggedError("ModelNotFound")<{
  /** What the configuration calls it. */
  readonly name: string
  /** The folders that were looked in. */
  readonly looked: ReadonlyArray<string>
}> {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    const hub = /^[\w.-]+\/[\w.-]+$/.test(this.name)
    const fetch = hub
      ? ` If it is one of the hub, fetch it with "hf download ${this.name} --local-dir DIR" and give DIR.`
      : " Give a model folder, the directory of a finished run, or fresh."
    return `Model ${this.name}: there is no config.json in ${this.looked.join(" or ")}.${fetch}`
  }
}

/** A file of a model folder that cannot be used. */
export class BadModelFolder extends Data.TaggedError("BadModelFolder")<{
  readonly file: string
  readonly reason: string
}> {
  override get message(): string {
    return `${this.file}: ${this.reason}`
  }
}
