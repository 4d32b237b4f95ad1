import { Environment, Interpreter, Template } from "@huggingface/jinja"
import { Result } from "effect"
import type { Message } from "../data/index.ts"
import type { ChatTemplate } from "./ChatTemplate.ts"
import { BadTemplate } from "./errors.ts"
import { stripFunctions, withPythonStrip } from "./pythonStrip.ts"
import { strftime } from "./strftime.ts"

/** What a template is rendered with beside the messages. */
export interface JinjaOptions {
  /** As messages name it. Default "chat_template". */
  readonly name?: string
  readonly bosToken?: string | undefined
  readonly eosToken?: string | undefined
  /** Variables that the template knows, e.g. `enable_thinking: false`, `date_string: "26 Jul 2024"`. */
  readonly variables?: Readonly<Record<string, string | number | boolean | null>>
  /**
   * What templates that print today's date print. Without it they find no clock: most then fall back to a date of
   * their own, so that a prompt is the same on every day.
   */
  readonly date?: Date
}

/** As in the sandbox of the original: templates come from strangers. */
const longestRange = 100_000

const range = (first: number, second?: number, step = 1): ReadonlyArray<number> => {
  const [start, stop] = second === undefined ? [0, first] : [first, second]
  const n = Math.max(0, Math.ceil((stop - start) / step))
  if (!(n <= longestRange)) throw new Error(`a range of ${n} numbers is longer than ${longestRange}`)
  return Array.from({ length: n }, (_, i) => start + i * step)
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** A standard template raises an error with its reason; kept apart from faults of the template. */
class Raised extends Error {}

const environment = (globals: Readonly<Record<string, unknown>>): Environment => {
  const env = new Environment()
  const raise = (reason: string): never => {
    throw new Raised(reason)
  }
  const constants = { true: true, True: true, false: false, False: false, none: null, None: null }
  for (const [key, value] of Object.entries({
    ...constants,
    ...stripFunctions,
    range,
    raise_exception: raise,
    ...globals
  })) {
    env.set(key, value)
  }
  return env
}

/** A word that no template writes and that no trimming or splitting takes apart. */
const probe = "Xq7ContentZv3"

/** What follows an assistant's content, less the white space behind the marker that ends its turn. */
const endOfTurn = (render: ChatTemplate["render"]): string => {
  const turns: ReadonlyArray<Message> = [
    { role: "user", content: "a" },
    { role: "assistant", content: probe }
  ]
  const text = render(turns, { generationPrompt: false })
  return text.slice(text.lastIndexOf(probe) + probe.length).trimEnd()
}

/**
 * A chat template of a checkpoint: Jinja, with `messages`, `add_generation_prompt`, `bos_token`, `eos_token`,
 * `raise_exception`, `strftime_now` (see `date`) and the given variables. Markers of generated spans are read over.
 *
 * `render` throws BadTemplate where the template refuses a conversation, e.g. one without a user's turn.
 *
 * @see specs/52-chat-templates.md
 */
export const jinjaTemplate = (source: string, options: JinjaOptions = {}): Result.Result<ChatTemplate, BadTemplate> => {
  const { name = "chat_template", bosToken = "", eosToken = "", variables = {}, date } = options
  const parsed = Result.try({
    try: () => withPythonStrip(new Template(source).parsed),
    catch: (cause) => new BadTemplate({ template: name, kind: "syntax", reason: reasonOf(cause) })
  })
  return Result.flatMap(parsed, (program) => {
    const clock = date === undefined ? {} : { strftime_now: (format: string) => strftime(date, format) }
    const render: ChatTemplate["render"] = (messages, { generationPrompt = true } = {}) => {
      const globals = { bos_token: bosToken, eos_token: eosToken, ...clock, ...variables }
      try {
        const env = environment({ ...globals, messages, add_generation_prompt: generationPrompt })
        return String(new Interpreter(env).run(program).value)
      } catch (cause) {
        const kind = cause instanceof Raised ? "refused" : "failed"
        throw new BadTemplate({ template: name, kind, reason: reasonOf(cause) })
      }
    }
    return Result.try({
      try: (): ChatTemplate => ({ name, render, endOfTurn: endOfTurn(render), source }),
      catch: (cause) =>
        cause instanceof BadTemplate
          ? cause
          : new BadTemplate({ template: name, kind: "failed", reason: String(cause) })
    })
  })
}
