import { Data } from "effect"

/** An id that points outside its table, found while evaluating. */
export class IndexOutOfRange extends Data.TaggedError("IndexOutOfRange")<{
  readonly op: string
  readonly index: number
  readonly size: number
}> {
  override get message(): string {
    return `${this.op}: id ${this.index} is outside 0..${this.size - 1}. Check that the ids and the table belong together.`
  }
}
