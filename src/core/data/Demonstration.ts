import { Schema } from "effect"
import { Problem } from "./Problem.ts"

/** An expert's solution. The end-of-sequence token is no part of it: it is added where token ids are made. */
export const Demonstration = Schema.Struct({
  problem: Problem,
  /** The text to imitate, from the first character after the prompt: trace, answer, and their tags. */
  completion: Schema.NonEmptyString,
  /** The answer that the completion ends with; of an erring expert not the problem's gold answer. */
  finalAnswer: Schema.optionalKey(Schema.String),
  /** Who wrote it, e.g. a model's name. */
  source: Schema.optionalKey(Schema.String)
})
export type Demonstration = typeof Demonstration.Type
