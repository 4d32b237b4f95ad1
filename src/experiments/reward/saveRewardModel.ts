import { Effect } from "effect"
import type { Params } from "../../core/learner/index.ts"
import { type ModelConfig, ModelConfigs, Safetensors } from "../../core/model/index.ts"
import { RunDirectory } from "../../core/run/index.ts"
import type { Tokenizer } from "../../core/text/index.ts"

/**
 * Writes a reward model as other tools read it: `config.json`, `model.safetensors` with `score.weight` [1, D], and
 * `tokenizer.json`.
 */
export const saveRewardModel = Effect.fnUntraced(function* (
  directory: RunDirectory.RunDirectory,
  folder: string,
  model: { readonly config: ModelConfig; readonly params: Params; readonly tokenizer: Tokenizer }
) {
  const { config, params, tokenizer } = model
  const special = { eos_token: tokenizer.tokenText(tokenizer.eosId), pad_token: tokenizer.tokenText(tokenizer.padId) }
  yield* RunDirectory.writeArtifact(directory, `${folder}/model.safetensors`, Safetensors.encode(params))
  yield* RunDirectory.writeArtifact(directory, `${folder}/tokenizer.json`, Object(tokenizer.json))
  yield* RunDirectory.writeArtifact(directory, `${folder}/tokenizer_config.json`, {
    tokenizer_class: "PreTrainedTokenizerFast",
    clean_up_tokenization_spaces: false,
    ...special
  })
  return yield* RunDirectory.writeArtifact(
    directory,
    `${folder}/config.json`,
    Object(ModelConfigs.toJson(config, "ForTokenClassification"))
  )
})
