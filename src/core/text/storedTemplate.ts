import { Effect, FileSystem, Result, Schema } from "effect"
import type { ChatTemplate } from "./ChatTemplate.ts"
import { BadTemplate } from "./errors.ts"
import { type JinjaOptions, jinjaTemplate } from "./jinjaTemplate.ts"
import type { Tokenizer } from "./Tokenizer.ts"

const Named = Schema.Array(Schema.Struct({ name: Schema.String, template: Schema.String }))
const TokenizerConfig = Schema.fromJsonString(
  Schema.Struct({ chat_template: Schema.optionalKey(Schema.NullOr(Schema.Union([Schema.String, Named]))) })
)

/** A chat template as a model folder holds it. */
export interface StoredTemplate {
  /** The file that it stands in. */
  readonly file: string
  /** Jinja. */
  readonly source: string
}

/**
 * The text of a folder's chat template, undefined where it has none: `chat_template.jinja`, else the key
 * `chat_template` of `tokenizer_config.json`, of several the one with that name.
 */
export const storedTemplate = Effect.fnUntraced(function* (folder: string, name = "default") {
  const fs = yield* FileSystem.FileSystem
  const read = (path: string) =>
    Effect.gen(function* () {
      return (yield* fs.exists(path)) ? yield* fs.readFileString(path) : undefined
    }).pipe(Effect.mapError(({ message }) => new BadTemplate({ template: path, kind: "syntax", reason: message })))
  const file = `${folder}/chat_template.jinja`
  const source = yield* read(file)
  if (source !== undefined) return { file, source } satisfies StoredTemplate
  const configFile = `${folder}/tokenizer_config.json`
  const text = yield* read(configFile)
  if (text === undefined) return undefined
  const bad = (reason: string) => new BadTemplate({ template: configFile, kind: "syntax", reason })
  const config = Schema.decodeUnknownResult(TokenizerConfig)(text)
  if (Result.isFailure(config)) return yield* bad(config.failure.message)
  const found = config.success.chat_template ?? undefined
  if (found === undefined || typeof found === "string") {
    return found === undefined ? undefined : ({ file: configFile, source: found } satisfies StoredTemplate)
  }
  const named = found.find((one) => one.name === name)
  if (named === undefined) {
    return yield* bad(`it has no template "${name}", only ${found.map((one) => `"${one.name}"`).join(", ")}`)
  }
  return { file: configFile, source: named.template } satisfies StoredTemplate
})

/** The chat template of a model folder with the special tokens of its tokenizer; undefined where it has none. */
export const templateFromFolder = (
  folder: string,
  tokenizer: Pick<Tokenizer, "bosId" | "eosId" | "tokenText">,
  options: Pick<JinjaOptions, "variables" | "date"> & { readonly name?: string } = {}
): Effect.Effect<ChatTemplate | undefined, BadTemplate, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const { name, ...rest } = options
    const stored = yield* storedTemplate(folder, name)
    if (stored === undefined) return undefined
    const bosToken = tokenizer.bosId === undefined ? undefined : tokenizer.tokenText(tokenizer.bosId)
    const eosToken = tokenizer.tokenText(tokenizer.eosId)
    return yield* Effect.fromResult(jinjaTemplate(stored.source, { name: stored.file, bosToken, eosToken, ...rest }))
  })
