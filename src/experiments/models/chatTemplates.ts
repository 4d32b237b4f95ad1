import { Effect, FileSystem, Result, Schema } from "effect"
import { type ChatTemplate, ChatTemplates } from "../../core/text/index.ts"
import { BadModelFolder } from "./errors.ts"

/** Each template that is rendered here as the Jinja text that other tools render. */
export const jinja = {
  plain: "{% for message in messages %}{{ message['content'] }}\n{% endfor %}",
  chatml:
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}" +
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
} as const

export type TemplateName = keyof typeof jinja

/** Templates by the names of a configuration. */
export const templates: Readonly<Record<TemplateName, ChatTemplate>> = {
  plain: ChatTemplates.plain,
  chatml: ChatTemplates.chatMl
}

const Named = Schema.Struct({ name: Schema.String, template: Schema.String })
const TokenizerConfig = Schema.fromJsonString(
  Schema.Struct({
    chat_template: Schema.optionalKey(Schema.NullOr(Schema.Union([Schema.String, Schema.Array(Named)])))
  })
)

const stored = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const read = (name: string) => fs.readFileString(`${folder}/${name}`).pipe(Effect.option)
  const file = yield* read("chat_template.jinja")
  if (file._tag === "Some") return file.value
  const config = yield* read("tokenizer_config.json")
  if (config._tag === "None") return undefined
  const decoded = Schema.decodeUnknownResult(TokenizerConfig)(config.value)
  const template = Result.isSuccess(decoded) ? decoded.success.chat_template : undefined
  return typeof template === "string" ? template : template?.find(({ name }) => name === "default")?.template
})

/**
 * How a model folder writes conversations: by its template where that is one of ours to the letter, `plain` where it
 * has none. Any other has to be chosen by name, since a template that is nearly right changes every prompt.
 */
export const templateOf = Effect.fnUntraced(function* (folder: string, chosen: TemplateName | null) {
  if (chosen !== null) return chosen
  const text = yield* stored(folder)
  if (text === undefined) return "plain"
  const known = (["plain", "chatml"] as const).find((name) => jinja[name] === text)
  if (known !== undefined) return known
  const like = text.includes("<|im_start|>")
    ? " It looks like ChatML: model.chat_template=chatml writes its turns, without what else it may add, such as a default system prompt."
    : " Choose model.chat_template=plain (contents alone) or chatml."
  return yield* new BadModelFolder({
    file: `${folder}/tokenizer_config.json`,
    reason: `its chat template is no template that is rendered here.${like}`
  })
})
