import { Result } from "effect"
import { fromJson, ThinkAnswer, type Tokenizer, trainBpe } from "../text/index.ts"

/** A byte-level BPE tokenizer trained on a task's training text, with the think and answer tags as tokens. */
export const corpusTokenizer = (texts: Iterable<string>, vocabSize = 2048): Tokenizer => {
  const { tokenizer, config } = trainBpe(texts, { vocabSize, markers: ThinkAnswer.allTags })
  return Result.getOrThrow(fromJson(tokenizer, config))
}
