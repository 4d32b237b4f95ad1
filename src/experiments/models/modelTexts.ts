import { Effect, FileSystem, Result, Schema } from "effect"
import { type GenerationConfig, GenerationConfigs } from "../../core/checkpoint/index.ts"
import { BadTokenizer, type ChatTemplate, type Tokenizer } from "../../core/text/index.ts"

/** The texts of a model folder but for its `config.json`, by file name. */
export type ModelTexts = Readonly<Record<string, string>>

/** What a model's texts say. */
export interface Told {
  readonly tokenizer: Tokenizer
  /** Tokens that end a completion. */
  readonly stopIds: ReadonlyArray<number>
  /** How conversations are written for it. */
  readonly template?: ChatTemplate
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

const fresh = ({ tokenText, eosId, padId }: Tokenizer): object => ({
  tokenizer_class: "PreTrainedTokenizerFast",
  clean_up_tokenization_spaces: false,
  eos_token: tokenText(eosId),
  pad_token: tokenText(padId)
})

/**
 * The texts of a model: `tokenizer.json`, `tokenizer_config.json` with the chat template, and `generation_config.json`
 * with every token that ends a completion, so that other tools stop where this one does.
 *
 * @param from what the model's makers say, all of which is kept
 */
export const modelTexts = (
  { tokenizer, stopIds, template }: Told,
  from: { readonly tokenizer?: object; readonly generation?: GenerationConfig } = {}
): ModelTexts => {
  const { tokenizer: config = fresh(tokenizer), generation = GenerationConfigs.none } = from
  const chat = template?.source === undefined ? {} : { chat_template: template.source }
  return {
    "tokenizer.json": json(tokenizer.json),
    "tokenizer_config.json": json({ ...config, ...chat }),
    "generation_config.json": json({
      ...generation.json,
      eos_token_id: stopIds.length === 1 ? stopIds[0] : stopIds,
      pad_token_id: generation.padId ?? tokenizer.padId
    })
  }
}

const Json = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))

/** The texts of a model that was read from a folder. */
export const textsOf = Effect.fnUntraced(function* ({
  folder,
  generation,
  ...told
}: Told & { readonly folder: string; readonly generation: GenerationConfig }) {
  const fs = yield* FileSystem.FileSystem
  const read = (name: string) => fs.readFileString(`${folder}/${name}`).pipe(Effect.orElseSucceed(() => undefined))
  const file = "tokenizer_config.json"
  const text = yield* read(file)
  const config = text === undefined ? undefined : Schema.decodeUnknownResult(Json)(text)
  if (config !== undefined && Result.isFailure(config))
    return yield* new BadTokenizer({ file: `${folder}/${file}`, reason: config.failure.message })
  const special = yield* read("special_tokens_map.json")
  return {
    ...modelTexts(told, { generation, ...(config === undefined ? {} : { tokenizer: config.success }) }),
    ...(special === undefined ? {} : { "special_tokens_map.json": special })
  } satisfies ModelTexts
})
