import { Data } from "effect"

/** A tokenizer.json that cannot be used. */
export class BadTokenizer extends Data.TaggedError("BadTokenizer")<{
  readonly file: string
  readonly reason: string
  /** The repair, where the usual one does not fit. */
  readonly fix?: string
}> {
  get repair(): string {
    const usual =
      "Fetch the file again, or let transformers write it: AutoTokenizer.from_pretrained(...).save_pretrained(...)"
    return this.fix ?? usual
  }
  override get message(): string {
    return `Tokenizer ${this.file}: ${this.reason.replace(/\.$/, "")}. ${this.repair}.`
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

const templateFixes = {
  syntax: "Fetch the file again, or choose a template by name",
  refused: "Give the conversation the turns that the template asks for",
  failed: "Give the variables that it reads, or choose a template by name"
} as const

/** A chat template that cannot be read, or that does not render a conversation. Thrown by `render`. */
export class BadTemplate extends Data.TaggedError("BadTemplate")<{
  readonly template: string
  /** `syntax`: no Jinja. `refused`: the template raises an error itself. `failed`: it breaks while it renders. */
  readonly kind: keyof typeof templateFixes
  readonly reason: string
}> {
  override get message(): string {
    return `Chat template ${this.template}: ${this.reason}. ${templateFixes[this.kind]}.`
  }
}

/** A conversation from which nothing can be learned as it stands. */
export class ChatRejected extends Data.TaggedError("ChatRejected")<{
  /**
   * `empty`: no token would count. `full`: every token would. `prefix`: a turn changes what is written before it.
   * `unended`: a turn's end is not marked.
   */
  readonly kind: "empty" | "full" | "prefix" | "unended"
  readonly template: string
  readonly reason: string
}> {
  override get message(): string {
    return `Conversation in template ${this.template}: ${this.reason}`
  }
}
