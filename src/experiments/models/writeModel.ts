import { Effect } from "effect"
import type { Params } from "../../core/learner/index.ts"
import { type ModelConfig, ModelConfigs, Safetensors } from "../../core/model/index.ts"
import { RunDirectory } from "../../core/run/index.ts"
import type { Tokenizer } from "../../core/text/index.ts"
import { jinja, type TemplateName } from "./chatTemplates.ts"

/** A model as it is written down. */
export interface WrittenModel {
  readonly config: ModelConfig
  readonly params: Params
  readonly tokenizer: Tokenizer
  /** `causal`: next-token logits; `reward`: `score.weight` [1, D] on every token. */
  readonly head: "causal" | "reward"
  /** How conversations are written for it; said in `tokenizer_config.json`. */
  readonly template?: TemplateName
}

/** Writes a model into a folder of the run as other tools read it; returns the path of its `config.json`. */
export const writeModel = Effect.fnUntraced(function* (
  directory: RunDirectory.RunDirectory,
  folder: string,
  { config, params, tokenizer, head, template }: WrittenModel
) {
  const special = { eos_token: tokenizer.tokenText(tokenizer.eosId), pad_token: tokenizer.tokenText(tokenizer.padId) }
  yield* RunDirectory.writeArtifact(directory, `${folder}/model.safetensors`, Safetensors.encode(params))
  yield* RunDirectory.writeArtifact(directory, `${folder}/tokenizer.json`, Object(tokenizer.json))
  yield* RunDirectory.writeArtifact(directory, `${folder}/tokenizer_config.json`, {
    tokenizer_class: "PreTrainedTokenizerFast",
    clean_up_tokenization_spaces: false,
    ...special,
    ...(template === undefined ? {} : { chat_template: jinja[template] })
  })
  return yield* RunDirectory.writeArtifact(
    directory,
    `${folder}/config.json`,
    Object(ModelConfigs.toJson(config, head === "causal" ? "ForCausalLM" : "ForTokenClassification"))
  )
})
