import { Result } from "effect"
import type { Message } from "../data/index.ts"
import type { ChatTemplate } from "./ChatTemplate.ts"
import { ChatRejected } from "./errors.ts"
import type { Tokenizer } from "./Tokenizer.ts"
import { turnEnd } from "./turnEnd.ts"

/** A conversation as a model reads it, and which of its tokens are an assistant's own. */
export interface EncodedConversation {
  readonly ids: ReadonlyArray<number>
  /** 1 for tokens to learn from: an assistant's content and the token that ends its turn. As long as `ids`. */
  readonly mask: Uint8Array
  /**
   * Whether the text encoded as a whole gives the same ids. Where it does not, a tokenizer that sees all of it merges
   * across the border of a prompt and its completion, as no sampler does.
   */
  readonly seamless: boolean
}

interface Part {
  readonly ids: ReadonlyArray<number>
  readonly counts: boolean
}

/** A block of reasoning with nothing in it, as some templates write it for an answer that has none. */
const emptyThought = /^<think>\s*<\/think>\s*/u

/** First place at which two texts differ. */
const departure = (a: string, b: string): number => {
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  return at
}

/**
 * Encodes a conversation with the mask of its assistant's turns, from token ids: what precedes a turn is encoded
 * alone, and so is the turn, just as a sampler would have been given the one and have drawn the other. Role headers
 * and empty blocks of reasoning do not count; the end-of-turn token does.
 *
 * A template without an end-of-turn marker closes the last turn with the tokenizer's end token.
 *
 * Refused: no assistant's turn, or nothing else, since then nothing or everything would be learned; a template that
 * writes a turn otherwise once others follow, since then the model would never see what it said; a marker of a turn's
 * end that is not one token of the tokenizer.
 *
 * @throws BadTemplate, UnknownText as `render` and `encode` do
 * @see specs/52-chat-templates.md
 */
export const encodeConversation = (
  template: ChatTemplate,
  tokenizer: Tokenizer,
  messages: ReadonlyArray<Message>
): Result.Result<EncodedConversation, ChatRejected> => {
  const { endOfTurn, render, name } = template
  const reject = (kind: ChatRejected["kind"], reason: string) =>
    Result.fail(new ChatRejected({ kind, template: name, reason }))
  const end = turnEnd(template, tokenizer)
  if (Result.isFailure(end)) return Result.fail(end.failure)
  const whole = render(messages, { generationPrompt: false })
  const parts: Array<Part> = []
  let done = 0
  const advance = (to: number, counts: boolean, ...more: ReadonlyArray<number>): void => {
    parts.push({ ids: [...tokenizer.encode(whole.slice(done, to)), ...more], counts })
    done = to
  }
  for (const [turn, { role }] of messages.entries()) {
    if (role !== "assistant") continue
    const head = render(messages.slice(0, turn))
    const tail = render(messages.slice(0, turn + 1), { generationPrompt: false })
    const astray = [head, tail].find((text) => !whole.startsWith(text))
    if (astray !== undefined) {
      const at = departure(astray, whole)
      const said = `${JSON.stringify(astray.slice(at, at + 24))} becomes ${JSON.stringify(whole.slice(at, at + 24))}`
      const reason = `message ${turn} is written otherwise in the whole: at character ${at} ${said}.`
      return reject("prefix", `${reason} Give each assistant's turn as a conversation of its own.`)
    }
    const text = tail.slice(head.length)
    const stop = endOfTurn === "" ? text.trimEnd().length : text.lastIndexOf(endOfTurn) + endOfTurn.length
    if (endOfTurn === "" ? turn < messages.length - 1 : stop < endOfTurn.length) {
      return reject("unended", `nothing marks the end of message ${turn}, so a model would not learn to stop there.`)
    }
    advance(head.length + (emptyThought.exec(text.slice(0, stop))?.[0].length ?? 0), false)
    advance(head.length + stop, true, ...(endOfTurn === "" ? [tokenizer.eosId] : []))
  }
  if (endOfTurn !== "") advance(whole.length, false)
  const ids = parts.flatMap((part) => part.ids)
  const mask = Uint8Array.from(parts.flatMap((part) => part.ids.map(() => Number(part.counts))))
  if (!mask.includes(1)) return reject("empty", "it has no assistant's turn, so nothing would be learned from it.")
  if (!mask.includes(0)) return reject("full", "every token is an assistant's: give the prompt that it answers.")
  const direct = [...tokenizer.encode(whole.slice(0, done)), ...(endOfTurn === "" ? [tokenizer.eosId] : [])]
  return Result.succeed({ ids, mask, seamless: direct.length === ids.length && direct.every((id, i) => id === ids[i]) })
}
