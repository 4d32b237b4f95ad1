import { Result } from "effect"
import { AdapterConfigs, Adapters, withAdapter } from "../../src/core/adapter/index.ts"
import { forward, ModelConfigs, parameterSpecs, tokenLogProbs } from "../../src/core/model/index.ts"
import { adamw, trainStep } from "../../src/core/optim/index.ts"
import * as ops from "../../src/core/program/index.ts"
import { Programs } from "../../src/core/program/index.ts"

/** A small decoder. */
export const config = Result.getOrThrow(
  ModelConfigs.fromJson({
    model_type: "qwen2",
    vocab_size: 20,
    hidden_size: 32,
    intermediate_size: 24,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    tie_word_embeddings: true,
    initializer_range: 0.3
  })
)
/** Low-rank updates of every linear module. */
export const adapter = Result.getOrThrow(
  Result.flatMap(AdapterConfigs.make({ r: 2, lora_alpha: 4, target_modules: "all-linear" }), (of) =>
    Adapters.make(of, config)
  )
)
/** The base's parameters. */
export const base = parameterSpecs(config)
/** Those that an adapter lies on. */
export const linear = Object.keys(adapter.targets).map((module) => `${module}.weight`)
/** A step that trains the adapter on 2 x 5 tokens. */
export const training = Result.getOrThrow(
  trainStep({
    params: adapter.params,
    frozen: base,
    batch: { ids: Programs.spec([2, 5], "i32") },
    loss: (params, { ids }) =>
      withAdapter(adapter, params, params, (p) => ({
        loss: ops.neg(ops.mean(tokenLogProbs(config, p, forward(config, p, ids).hidden, ids).logProbs))
      })),
    optimiser: adamw({ learningRate: 0.01 })
  })
)
