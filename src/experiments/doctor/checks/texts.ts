import type { Sequence } from "../../../core/learner/index.ts"
import { type Tokenizer, UnknownText } from "../../../core/text/index.ts"
import { failed, passed, type Verdict } from "../Check.ts"

const quoted = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text)

/** The ids of a text, or the part of it that the vocabulary cannot spell. */
const encoded = ({ encode }: Pick<Tokenizer, "encode">, text: string): ReadonlyArray<number> | UnknownText => {
  try {
    return encode(text)
  } catch (error) {
    if (error instanceof UnknownText) return error
    throw error
  }
}

/** Whether texts come back from their token ids as they were, and all ids have a row in the model's table. */
export const roundTrip = (
  tokenizer: Pick<Tokenizer, "encode" | "decode">,
  { texts, rows }: { readonly texts: ReadonlyArray<string>; readonly rows: number }
): Verdict => {
  const another = "Give the tokenizer.json that the model was trained with."
  for (const text of texts) {
    const ids = encoded(tokenizer, text)
    if (ids instanceof UnknownText) return failed(ids.message, another)
    const stray = ids.find((id) => !(id >= 0 && id < rows))
    if (stray !== undefined)
      return failed(`${quoted(text)} has token ${stray}, and the model's table ends at ${rows - 1}`, another)
    const back = tokenizer.decode(ids, { special: "keep" })
    if (back !== text)
      return failed(
        `${quoted(text)} comes back as ${quoted(back)}`,
        "Switch the tokenizer's normalizer off, or write the texts as it writes them."
      )
  }
  return texts.length === 0
    ? failed("there is no text to try", "Give data with prompts and demonstrations.")
    : passed(`${texts.length} texts`)
}

/** Whether every demonstration has tokens to learn, after a prompt that is not learned. */
export const maskNotEmpty = (sequences: ReadonlyArray<Sequence.Sequence>): Verdict => {
  if (sequences.length === 0) return failed("there is no demonstration", "Give data with demonstrations.")
  // The end token alone teaches to say nothing.
  const empty = sequences.findIndex(({ completion }) => completion.length <= 1)
  if (empty >= 0)
    return failed(
      `demonstration ${empty} has ${sequences[empty]!.completion.length} tokens to learn`,
      "Leave it out, or look why its completion is empty."
    )
  const whole = sequences.findIndex(({ prompt }) => prompt.length === 0)
  if (whole >= 0)
    return failed(
      `demonstration ${whole} has no prompt, so all of it would be learned`,
      "Choose a chat template that writes prompts: model.chat_template."
    )
  const counts = sequences.map(({ completion }) => completion.length)
  const learned = counts.reduce((a, b) => a + b, 0)
  const all = sequences.reduce((n, { prompt, completion }) => n + prompt.length + completion.length, 0)
  return passed(`${learned} of ${all} tokens are learned`)
}

/** Whether every demonstration ends in a token that stops a completion, and holds none before. */
export const endSupervised = (sequences: ReadonlyArray<Sequence.Sequence>, stopIds: ReadonlyArray<number>): Verdict => {
  const stops = new Set(stopIds)
  const fix = `Completions stop at ${stopIds.join(", ") || "nothing"}: set eos_token_id in generation_config.json to what ends a turn.`
  const endless = sequences.findIndex(({ completion }) => !stops.has(completion.at(-1) ?? -1))
  if (endless >= 0)
    return failed(`demonstration ${endless} ends without a token that stops: the policy would never learn to end`, fix)
  const early = sequences.findIndex(({ completion }) => completion.slice(0, -1).some((id) => stops.has(id)))
  if (early >= 0)
    return failed(`demonstration ${early} holds a token that stops before its end: sampling would cut it there`, fix)
  return sequences.length === 0
    ? failed("there is no demonstration", "Give data with demonstrations.")
    : passed(`all ${sequences.length} demonstrations end in one of ${stopIds.join(", ")}`)
}
