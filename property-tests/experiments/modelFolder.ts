import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Result } from "effect"
import { save } from "../../src/core/checkpoint/index.ts"
import { initialise, ModelConfigs } from "../../src/core/model/index.ts"

const chats = join(import.meta.dirname, "../../specs/fixtures/chat")

/** Id of the end of a turn and of a text, of the fixtures that are written in Qwen's style. */
export const TURN_END = 522
const TEXT_END = 520

/**
 * Writes a tiny model with the tokenizer and the chat template of a style, in shards of half precision, and returns its
 * folder. As in published ones, `config.json` names the end of texts, and `generation_config.json` that of turns as well.
 */
export const modelFolder = async (path: string, style: "qwen2.5" | "qwen3" | "llama3" = "qwen2.5"): Promise<string> => {
  const config = Result.getOrThrow(
    ModelConfigs.fromJson({
      model_type: "qwen2",
      hidden_size: 16,
      intermediate_size: 24,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      num_key_value_heads: 1,
      // Padded past the tokenizer.
      vocab_size: 536,
      max_position_embeddings: 1024,
      rms_norm_eps: 1e-6,
      rope_theta: 10_000,
      tie_word_embeddings: true,
      eos_token_id: TEXT_END
    })
  )
  const params = initialise(config, 7)
  const texts = {
    ...Object.fromEntries(
      readdirSync(join(chats, style)).map((file) => [file, readFileSync(join(chats, style, file), "utf8")])
    ),
    "generation_config.json": `${JSON.stringify({ eos_token_id: [TURN_END, TEXT_END], pad_token_id: TEXT_END, top_p: 0.8 })}\n`
  }
  const parameter = (name: string) => Effect.succeed(params[name]!)
  await Effect.runPromise(
    save(path, { config, head: "language", parameter, texts }, { format: "BF16", shardBytes: 10_000 }).pipe(
      Effect.provide(NodeServices.layer)
    )
  )
  return path
}
