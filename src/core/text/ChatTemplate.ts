import type { Message } from "../data/index.ts"

/**
 * A conversation as the text that a model reads. A model's own template (Jinja) becomes a value of this type too.
 *
 * The text is encoded without adding special tokens. Rendering with the generation prompt is a prefix of rendering
 * with the assistant's turn appended; `extendsPrompt` tests it.
 */
export interface ChatTemplate {
  readonly name: string
  /** @param options.generationPrompt open an assistant turn at the end, for a completion to continue. Default true. */
  readonly render: (messages: ReadonlyArray<Message>, options?: { readonly generationPrompt?: boolean }) => string
  /** Text that ends an assistant turn, "" where the end-of-sequence token alone does. */
  readonly endOfTurn: string
  /** Jinja by which other tools render the same, to be saved beside a model; absent where there is none. */
  readonly source?: string
}

/** No roles at all: the contents, a newline after each. For small models trained on one task. */
export const plain: ChatTemplate = {
  name: "plain",
  render: (messages) => messages.map((m) => `${m.content}\n`).join(""),
  endOfTurn: "",
  source: "{% for message in messages %}{{ message['content'] }}\n{% endfor %}"
}

/** `<|im_start|>role`, the content, `<|im_end|>`: a turn a message. */
export const chatMl: ChatTemplate = {
  name: "chatml",
  render: (messages, { generationPrompt = true } = {}) =>
    messages.map((m) => `<|im_start|>${m.role}\n${m.content}<|im_end|>\n`).join("") +
    (generationPrompt ? "<|im_start|>assistant\n" : ""),
  endOfTurn: "<|im_end|>",
  source:
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}" +
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
}

/** Whether a completion appended to the rendered prompt is what rendering the whole conversation begins with. */
export const extendsPrompt = (template: ChatTemplate, prompt: ReadonlyArray<Message>, completion: string): boolean =>
  template
    .render([...prompt, { role: "assistant", content: completion }], { generationPrompt: false })
    .startsWith(template.render(prompt) + completion)

/** The conversation with its system messages at the start of the first turn of the user, a blank line between. */
export const mergeSystem = (messages: ReadonlyArray<Message>): ReadonlyArray<Message> => {
  const system = messages.filter((m) => m.role === "system").map((m) => m.content)
  const turns = messages.filter((m) => m.role !== "system")
  const first = turns.findIndex((m) => m.role === "user")
  if (system.length === 0) return turns
  if (first < 0) return [{ role: "user", content: system.join("\n\n") }, ...turns]
  return turns.map((m, i) => (i === first ? { ...m, content: [...system, m.content].join("\n\n") } : m))
}

/** The same template for models without a system role: system messages go to the start of the user's first turn. */
export const withoutSystem = ({ name, endOfTurn, render }: ChatTemplate): ChatTemplate => ({
  name,
  endOfTurn,
  render: (messages, options) => render(mergeSystem(messages), options)
})
