import { Tokenizer as HuggingFace } from "@huggingface/tokenizers"
import { Effect, FileSystem, Result, Schema } from "effect"
import { patternsAsPeers, whiteSpaceAsPeers } from "./asPeers.ts"
import { bpeFault } from "./bpeFault.ts"
import { BadTokenizer, UnknownText } from "./errors.ts"
import type { Tokenizer } from "./Tokenizer.ts"

const AddedToken = Schema.Struct({
  id: Schema.Int,
  content: Schema.String,
  special: Schema.Boolean,
  single_word: Schema.optionalKey(Schema.Boolean),
  lstrip: Schema.optionalKey(Schema.Boolean),
  rstrip: Schema.optionalKey(Schema.Boolean)
})
const TokenizerJson = Schema.Struct({
  added_tokens: Schema.Array(AddedToken),
  model: Schema.Struct({
    type: Schema.optionalKey(Schema.Unknown),
    vocab: Schema.optionalKey(Schema.Unknown),
    merges: Schema.optionalKey(Schema.Unknown),
    unk_token: Schema.optionalKey(Schema.NullOr(Schema.String))
  })
})

const NamedToken = Schema.optionalKey(
  Schema.NullOr(Schema.Union([Schema.String, Schema.Struct({ content: Schema.String })]))
)
const TokenizerConfig = Schema.Struct({
  eos_token: NamedToken,
  pad_token: NamedToken,
  bos_token: NamedToken,
  unk_token: NamedToken
})

const contentOf = (token: string | { readonly content: string } | null | undefined): string | undefined =>
  typeof token === "string" ? token : (token?.content ?? undefined)

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** Ways of an added token to look at its neighbours; the library has one of them not, and the others otherwise. */
const contextual = ["single_word", "lstrip", "rstrip"] as const

/**
 * A tokenizer from the standard `tokenizer.json` and `tokenizer_config.json` objects.
 *
 * Departures from what those files may ask for, all so that ids and text stay faithful to each other: stored
 * truncation and padding are ignored, no special tokens are added, and decoded text is never "cleaned up".
 * Where no pad token is named, eos pads: callers mask by length, never by id. What is no Unicode (a lone surrogate) is
 * encoded as U+FFFD. Ids are those of the Python packages; added tokens that look at their neighbours are refused.
 *
 * @see specs/10-tokenizers.md
 */
export const fromJson = (
  json: unknown,
  config: unknown = {},
  file = "tokenizer.json"
): Result.Result<Tokenizer, BadTokenizer> => {
  const bad = (reason: string, fix?: string) =>
    Result.fail(new BadTokenizer({ file, reason, ...(fix === undefined ? {} : { fix }) }))
  const shape = Schema.decodeUnknownResult(TokenizerJson)(json)
  if (Result.isFailure(shape)) return bad(`is not a tokenizer.json: ${shape.failure.message}`)
  const names = Schema.decodeUnknownResult(TokenizerConfig)(config)
  if (Result.isFailure(names)) return bad(`its tokenizer_config.json does not fit: ${names.failure.message}`)
  for (const token of shape.success.added_tokens) {
    const way = contextual.find((name) => token[name] === true)
    if (way !== undefined)
      return bad(
        `its added token ${JSON.stringify(token.content)} looks at what stands beside it (${way}), which cannot be done ` +
          "as other tools do it",
        `Set "${way}": false there if no text holds that token`
      )
  }
  const broken = bpeFault(shape.success.model)
  if (broken !== undefined) return bad(broken)
  const unknown = contentOf(names.success.unk_token) ?? shape.success.model.unk_token ?? undefined
  let inner: HuggingFace
  try {
    const settings = unknown === undefined ? { ...(config as object) } : { ...(config as object), unk_token: unknown }
    inner = new HuggingFace(patternsAsPeers(json as object), settings)
    whiteSpaceAsPeers(inner.pre_tokenizer)
  } catch (cause) {
    return bad(`cannot be loaded: ${reasonOf(cause)}`)
  }
  const eos = contentOf(names.success.eos_token)
  const eosId = eos === undefined ? undefined : inner.token_to_id(eos)
  if (eosId === undefined)
    return bad("names no end token", 'Give "eos_token" in tokenizer_config.json, a token of this vocabulary')
  const idOf = (token: Parameters<typeof contentOf>[0]) => {
    const text = contentOf(token)
    return text === undefined ? undefined : inner.token_to_id(text)
  }
  const bosId = idOf(names.success.bos_token)
  const special = shape.success.added_tokens.filter((t) => t.special).map((t) => t.id)
  return Result.succeed(
    wrap(inner, {
      eosId,
      padId: idOf(names.success.pad_token) ?? eosId,
      ...(bosId === undefined ? {} : { bosId }),
      specialIds: new Set(special),
      json
    })
  )
}

type Known = Pick<Tokenizer, "eosId" | "padId" | "bosId" | "specialIds" | "json">

const wrap = (inner: HuggingFace, known: Known): Tokenizer => ({
  ...known,
  vocabSize: Math.max(...inner.get_vocab().values()) + 1,
  encode: (text) => {
    if (text === "") return []
    const { ids, tokens } = inner.encode(text.toWellFormed(), { add_special_tokens: false })
    // The library leaves a hole where neither the piece nor an unknown token has an id.
    const known: ReadonlyArray<number | undefined> = ids
    const hole = known.indexOf(undefined)
    if (hole >= 0) throw new UnknownText({ text, piece: tokens[hole] ?? "" })
    return ids
  },
  decode: (ids, { special = "drop" } = {}) => {
    const shown = ids.filter(
      (id) => inner.id_to_token(id) !== undefined && (special === "keep" || !known.specialIds.has(id))
    )
    return shown.length === 0
      ? ""
      : inner.decode(shown, { skip_special_tokens: false, clean_up_tokenization_spaces: false })
  },
  tokenText: (id) => inner.id_to_token(id),
  tokenId: (text) => inner.token_to_id(text)
})

const missingFix =
  "Give the folder that holds it; where it has vocab.json and merges.txt alone, let transformers write it: " +
  "AutoTokenizer.from_pretrained(...).save_pretrained(...)"

const isObject = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === "object" && x !== null && !Array.isArray(x)

/** The keys of both, those of the second first wherever it says anything. */
const over = (below: unknown, above: unknown): unknown =>
  isObject(below) && isObject(above)
    ? { ...below, ...Object.fromEntries(Object.entries(above).filter(([, value]) => value !== null)) }
    : above

/**
 * The tokenizer of a model folder: `tokenizer.json`, and where they are there `tokenizer_config.json` and, for the
 * special tokens that it does not name, `special_tokens_map.json`.
 */
export const fromFolder = (folder: string): Effect.Effect<Tokenizer, BadTokenizer, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const parse = (file: string) =>
      fs.readFileString(file).pipe(
        Effect.mapError((cause) =>
          cause.reason._tag === "NotFound"
            ? new BadTokenizer({ file, reason: "there is no such file", fix: missingFix })
            : new BadTokenizer({ file, reason: reasonOf(cause) })
        ),
        Effect.flatMap((text) =>
          Effect.try({
            try: (): unknown => JSON.parse(text),
            catch: (cause) => new BadTokenizer({ file, reason: `is no JSON: ${reasonOf(cause)}` })
          })
        )
      )
    const parseOr = (file: string): Effect.Effect<unknown, BadTokenizer> =>
      Effect.flatMap(
        Effect.orElseSucceed(fs.exists(file), () => false),
        (there) => (there ? parse(file) : Effect.succeed({}))
      )
    const file = `${folder}/tokenizer.json`
    const json = yield* parse(file)
    const special = yield* parseOr(`${folder}/special_tokens_map.json`)
    const config = yield* parseOr(`${folder}/tokenizer_config.json`)
    return yield* Effect.fromResult(fromJson(json, over(special, config), file))
  })
