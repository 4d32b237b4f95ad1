import { Effect, Result } from "effect"
import type { Sampled, SamplerFailure, SamplingOptions } from "../../core/service/index.ts"
import { choicesOf, completionOf, drawnApart, type Reported, scoresOf } from "./answer.ts"
import type { Connection, Fault } from "./Connection.ts"
import { completionRequest, type Group, scoreRequest } from "./completionRequest.ts"

/** Where log-probabilities of both kinds come from: the answer, zeros of a certain choice, a second reading, or the answer for those of the model alone. */
export type Source = "answer" | "certain" | "second" | "model"

/** One call, for the completions of one prompt. */
export interface Call {
  /** The base model, or the adapter of the present version. */
  readonly model: string
  readonly group: Group
  readonly sampling: SamplingOptions
  readonly vocabulary: number
  readonly source: Source
}

const path = "/v1/completions"

const checked = <A>({ failure }: Connection, read: Result.Result<A, Fault>): Effect.Effect<A, SamplerFailure> =>
  Effect.fromResult(Result.mapError(read, failure))

/** Log-probabilities of completions under the model, from a reading of prompt and completion. */
const readAgain = Effect.fnUntraced(function* (
  connection: Connection,
  { model, group: { prompt } }: Call,
  drawn: ReadonlyArray<Reported>
) {
  const sequences = drawn.map(({ completion }) => [...prompt, ...completion])
  const json = yield* connection.json({ path, body: scoreRequest(model, sequences) })
  const choices = yield* checked(connection, choicesOf(json, model, sequences.length))
  return yield* Effect.forEach(choices, (choice, i) =>
    checked(connection, scoresOf(choice, sequences[i]!, prompt.length))
  )
})

/** The completions of one call, one a member of its group. */
export const complete = Effect.fnUntraced(function* (
  connection: Connection,
  call: Call
): Effect.fn.Return<ReadonlyArray<Sampled>, SamplerFailure> {
  const { model, group, sampling, vocabulary, source } = call
  const { stopIds, maxTokens, temperature } = sampling
  // Greedy completions are all the same, and servers refuse to draw more than one.
  const greedy = temperature === 0
  const n = greedy ? 1 : group.members.length
  const json = yield* connection.json({ path, body: completionRequest(model, group, n, sampling) })
  const expected = { prompt: group.prompt, stopIds, maxTokens, vocabulary }
  const drawn = yield* checked(
    connection,
    choicesOf(json, model, n).pipe(
      Result.flatMap((choices) => Result.all(choices.map((choice) => completionOf(choice, expected)))),
      // How likely it is that draws coincide is not known from the model's own log-probabilities.
      Result.flatMap((all) => (greedy || source === "model" ? Result.succeed(all) : drawnApart(all)))
    )
  )
  const unknown = (logProbs: ReadonlyArray<number>) => logProbs.map(() => Number.NaN)
  const raw = source === "second" ? yield* readAgain(connection, call, drawn) : drawn.map(({ logProbs }) => logProbs)
  const sampled = drawn.map(
    ({ completion, finishReason, logProbs }, i): Sampled => ({
      completion,
      finishReason,
      logProbs: greedy ? logProbs.map(() => 0) : source === "model" ? unknown(logProbs) : logProbs,
      rawLogProbs: raw[i]!
    })
  )
  return group.members.map((_, i) => sampled[greedy ? 0 : i]!)
})
