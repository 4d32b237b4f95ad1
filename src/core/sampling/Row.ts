import type { Sampled, SampleRequest, SamplingOptions } from "../service/index.ts"
import { Rng } from "../tensor/index.ts"

/** A sequence while it is drawn. Belongs to one call of `sample`, which alone changes it. */
export interface Row {
  /** Which request it answers. */
  readonly index: number
  readonly prompt: ReadonlyArray<number>
  /** Longest completion, by maxTokens and the context. */
  readonly limit: number
  readonly rng: Rng.Rng
  readonly completion: Array<number>
  readonly logProbs: Array<number>
  readonly rawLogProbs: Array<number>
  finishReason: Sampled["finishReason"] | undefined
}

export const start = (request: SampleRequest, index: number, options: SamplingOptions, contextLength: number): Row => ({
  index,
  prompt: request.prompt,
  limit: Math.min(options.maxTokens, contextLength - request.prompt.length),
  rng: Rng.make(request.seed),
  completion: [],
  logProbs: [],
  rawLogProbs: [],
  finishReason: undefined
})

/**
 * The next uniform of the row's stream, rounded to an odd multiple of 2^-24: exact in 32-bit floats and strictly
 * inside (0, 1), so that every backend inverts the same number and the end of a running sum is never reached.
 */
export const uniform = (row: Row): number => (Math.floor(Rng.uniform(row.rng) * 2 ** 23) + 0.5) / 2 ** 23

/** Takes one drawn token; tokens after the end are not part of the completion. */
export const extend = (
  row: Row,
  drawn: { readonly token: number; readonly logProb: number; readonly rawLogProb: number },
  stopIds: ReadonlySet<number>
): void => {
  if (row.finishReason !== undefined) return
  row.completion.push(drawn.token)
  row.logProbs.push(drawn.logProb)
  row.rawLogProbs.push(drawn.rawLogProb)
  if (stopIds.has(drawn.token)) row.finishReason = "stop"
  else if (row.completion.length >= row.limit) row.finishReason = "length"
}

/** The finished row. */
export const result = ({ completion, logProbs, rawLogProbs, finishReason = "length" }: Row): Sampled => ({
  completion,
  logProbs,
  rawLogProbs,
  finishReason
})
