import { Effect, type FileSystem, Schema } from "effect"
import type { Demonstration } from "./Demonstration.ts"
import { type BadRows, FileError } from "./errors.ts"
import { type Message, Message as MessageSchema, user } from "./Message.ts"
import { columns, readAll, type Source } from "./Source.ts"

/**
 * A row in one of the common columns of training data, whatever its file's format. Prompts are conversations; texts of
 * completions are those of the assistant.
 */
export type Example =
  /** `text`: a whole text, to be modelled as it is. */
  | { readonly _tag: "Text"; readonly text: string }
  /** `messages`: a conversation that ends with the assistant's turn. */
  | { readonly _tag: "Conversation"; readonly messages: ReadonlyArray<Message> }
  /** `prompt` alone. */
  | { readonly _tag: "Prompt"; readonly prompt: ReadonlyArray<Message> }
  /** `prompt`, `completion`. */
  | { readonly _tag: "Completion"; readonly prompt: ReadonlyArray<Message>; readonly completion: string }
  /** `prompt`, `chosen`, `rejected`. */
  | {
      readonly _tag: "Preference"
      readonly prompt: ReadonlyArray<Message>
      readonly chosen: string
      readonly rejected: string
    }
  /** `prompt`, `completion`, `label`: whether the completion is a good one. */
  | {
      readonly _tag: "Labelled"
      readonly prompt: ReadonlyArray<Message>
      readonly completion: string
      readonly label: boolean
    }

const Turns = Schema.NonEmptyArray(MessageSchema)
const endsWith = (role: Message["role"]) =>
  Schema.makeFilter((turns: ReadonlyArray<Message>) =>
    turns.at(-1)?.role === role ? undefined : `the last turn must be the ${role}'s, not the ${turns.at(-1)?.role}'s`
  )
const Prompt = Schema.Union([Schema.NonEmptyString, Turns])
/** A text, or the assistant's one turn. */
const Answer = Schema.Union([
  Schema.String,
  Turns.check(
    Schema.makeFilter((turns: ReadonlyArray<Message>) =>
      turns.length === 1 && turns[0]!.role === "assistant" ? undefined : "a completion is one turn of the assistant's"
    )
  )
])

const promptOf = (prompt: string | ReadonlyArray<Message>): ReadonlyArray<Message> =>
  typeof prompt === "string" ? [user(prompt)] : prompt
const answerOf = (answer: string | ReadonlyArray<Message>): string =>
  typeof answer === "string" ? answer : answer[0]!.content

const Texts = Schema.Struct({ text: Schema.NonEmptyString })
const Conversations = Schema.Struct({ messages: Turns.check(endsWith("assistant")) })
const Prompts = Schema.Struct({ prompt: Prompt })
const Completions = Schema.Struct({ prompt: Prompt, completion: Answer })
const Preferences = Schema.Struct({ prompt: Prompt, chosen: Answer, rejected: Answer })
const Labels = Schema.Struct({ prompt: Prompt, completion: Answer, label: Schema.Boolean })

/** The columns that say what a row is. */
export const knownColumns = ["text", "messages", "prompt", "completion", "chosen", "rejected", "label"]

/**
 * The rows of a source whose columns say what they are: `text`; `messages`; `prompt`; `prompt, completion`;
 * `prompt, chosen, rejected`; `prompt, completion, label`. Other columns are left unread. The first row tells which, and
 * all others must be alike: a mixture is an error with its place.
 */
export const examples = (
  source: Source
): Effect.Effect<ReadonlyArray<Example>, FileError | BadRows, FileSystem.FileSystem> =>
  Effect.flatMap(
    columns(source, knownColumns),
    (found): Effect.Effect<ReadonlyArray<Example>, FileError | BadRows, FileSystem.FileSystem> => {
      switch (found.join()) {
        case "text":
          return Effect.map(readAll(source, Texts), (rows) => rows.map(({ text }) => ({ _tag: "Text", text })))
        case "messages":
          return Effect.map(readAll(source, Conversations), (rows) =>
            rows.map(({ messages }) => ({ _tag: "Conversation", messages }))
          )
        case "prompt":
          return Effect.map(readAll(source, Prompts), (rows) =>
            rows.map(({ prompt }) => ({ _tag: "Prompt", prompt: promptOf(prompt) }))
          )
        case "prompt,completion":
          return Effect.map(readAll(source, Completions), (rows) =>
            rows.map(({ prompt, completion }) => ({
              _tag: "Completion",
              prompt: promptOf(prompt),
              completion: answerOf(completion)
            }))
          )
        case "prompt,chosen,rejected":
          return Effect.map(readAll(source, Preferences), (rows) =>
            rows.map(({ prompt, chosen, rejected }) => ({
              _tag: "Preference",
              prompt: promptOf(prompt),
              chosen: answerOf(chosen),
              rejected: answerOf(rejected)
            }))
          )
        case "prompt,completion,label":
          return Effect.map(readAll(source, Labels), (rows) =>
            rows.map(({ prompt, completion, label }) => ({
              _tag: "Labelled",
              prompt: promptOf(prompt),
              completion: answerOf(completion),
              label
            }))
          )
        default:
          return Effect.fail(
            new FileError({
              file: source.name,
              during: "read",
              reason:
                `its first row has ${found.length === 0 ? "none of the known columns" : `the columns ${found.join(", ")} together`}; ` +
                "rows have text, or messages, or prompt, or prompt and completion, or prompt, chosen and rejected, or prompt, completion and label"
            })
          )
      }
    }
  )

/** A completion of a prompt, and whether it is one to imitate. */
export interface Judged {
  readonly prompt: ReadonlyArray<Message>
  readonly completion: string
  readonly isGood: boolean
}

/** The completions that an example holds: good ones to imitate, bad ones to tell from them. A text or a prompt has none. */
export const judged = (example: Example): ReadonlyArray<Judged> => {
  switch (example._tag) {
    case "Text":
    case "Prompt":
      return []
    case "Conversation": {
      const last = example.messages.at(-1)!
      return [{ prompt: example.messages.slice(0, -1), completion: last.content, isGood: true }]
    }
    case "Completion":
      return [{ prompt: example.prompt, completion: example.completion, isGood: true }]
    case "Preference":
      return [
        { prompt: example.prompt, completion: example.chosen, isGood: true },
        { prompt: example.prompt, completion: example.rejected, isGood: false }
      ]
    case "Labelled":
      return [{ prompt: example.prompt, completion: example.completion, isGood: example.label }]
  }
}

/** Good completions as demonstrations; one prompt is one problem, named by its place among the prompts. */
export const demonstrations = (all: ReadonlyArray<Example>): ReadonlyArray<Demonstration> => {
  const places = new Map<string, number>()
  return all.flatMap(judged).flatMap(({ prompt, completion, isGood }) => {
    const key = JSON.stringify(prompt)
    const place = places.get(key) ?? places.size
    places.set(key, place)
    const [first, ...rest] = prompt
    return isGood && completion !== "" && first !== undefined
      ? [{ problem: { id: `example-${place}`, prompt: [first, ...rest] }, completion }]
      : []
  })
}
