import { Data } from "effect"

/** A tokenizer.json that cannot be used. */
export class BadTokenizer extends Data.TaggedError("BadTokenizer")<{ readonly file: string; readonly reason: string }> {
  override get message(): string {
    return `Tokenizer ${this.file}: ${this.reason}`
  }
}

/** Text that a closed vocabulary cannot spell. Thrown by `encode` of a tokenizer without an unknown token. */
export class UnknownText extends Data.TaggedError("UnknownText")<{ readonly text: string; readonly piece: string }> {
  override get message(): string {
    return (
      `The vocabulary cannot spell ${JSON.stringify(this.piece)} in ${JSON.stringify(this.text.slice(0, 80))}. ` +
      "Use the words of the task, or add this one to the vocabulary before training."
    )
  }
}
