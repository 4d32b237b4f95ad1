import { PromptRejected, type SampleRequest } from "../service/index.ts"

/** The first prompt that cannot be continued, or `undefined`. */
export const rejected = (
  requests: ReadonlyArray<SampleRequest>,
  contextLength: number,
  vocabulary: number
): PromptRejected | undefined => {
  for (const [index, { prompt }] of requests.entries()) {
    if (prompt.length === 0) {
      return new PromptRejected({ index, reason: "it is empty. Begin it with the model's start-of-text token." })
    }
    if (prompt.length >= contextLength) {
      return new PromptRejected({
        index,
        reason: `its ${prompt.length} tokens leave no room in a context of ${contextLength}. Shorten it.`
      })
    }
    const stray = prompt.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabulary))
    if (stray !== undefined) {
      return new PromptRejected({
        index,
        reason: `token ${stray} is outside the vocabulary 0..${vocabulary - 1}. Was another model's tokenizer used?`
      })
    }
  }
  return undefined
}
