import { Data } from "effect"

const fixes = {
  missing: "Fetch the whole repository again, or give the folder that holds the file",
  malformed: "The file is damaged or no such file: fetch it again and compare its size with the original's",
  unsupported: "Choose a checkpoint of a known family with plain float weights, or convert it with transformers",
  mismatch: "The files belong to different models: take all of them from one folder at one revision",
  unsafe: "Put the file itself into the folder, under a plain name, and let the index name it so",
  storage: "Check the folder's rights and the free space of its disk"
} as const

/** A model folder that cannot be used, or not be written. The message names the file, what is wrong and the repair. */
export class CheckpointRejected extends Data.TaggedError("CheckpointRejected")<{
  /**
   * `missing`: a file is not there. `malformed`: no such file can exist. `unsupported`: it can, but not here.
   * `mismatch`: files that do not fit each other. `unsafe`: a name or link that leads out of the folder.
   * `storage`: the disk refuses.
   */
  readonly kind: keyof typeof fixes
  readonly file: string
  readonly reason: string
  /** The repair, where the usual one of its kind does not fit. */
  readonly fix?: string
  readonly cause?: unknown
}> {
  get repair(): string {
    return this.fix ?? fixes[this.kind]
  }
  override get message(): string {
    return `${this.file}: ${this.reason}. ${this.repair}.`
  }
}
