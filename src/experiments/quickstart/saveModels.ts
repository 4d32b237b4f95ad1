import { Effect } from "effect"
import type { Params } from "../../core/learner/index.ts"
import type { ModelConfig } from "../../core/model/index.ts"
import type { RunDirectory } from "../../core/run/index.ts"
import type { Task } from "../../core/task/index.ts"
import { type ChatTemplate, ChatTemplates } from "../../core/text/index.ts"
import { modelTexts, weightsDigest, writeModel } from "../models/index.ts"
import { type SavedReward, SavedRewards } from "../savedReward/index.ts"

/** Where models go: the folder of a stage holds what it learned as a run of `train` does. */
export interface Place {
  readonly directory: RunDirectory.RunDirectory
  readonly stage: string
}

/**
 * How these models were shown problems: the question alone. A system prompt is left out, whoever gives one, since none was
 * there when they learned.
 */
const asShown = ({ splits, renderPrompt }: Pick<Task, "splits" | "renderPrompt">): ChatTemplate => {
  const [first] = [...splits.train.problems, ...splits.test.problems]
  const end = first !== undefined && renderPrompt(first).endsWith("\n") ? "\n" : ""
  return {
    ...ChatTemplates.plain,
    name: "question",
    source: `{% for message in messages if message['role'] != 'system' %}{{ message['content'] }}${end}{% endfor %}`
  }
}

const textsOf = (task: Task) => {
  const { tokenizer } = task
  return modelTexts({ tokenizer, template: asShown(task), stopIds: [tokenizer.eosId] })
}

/** Writes a policy; returns what rows that it draws say of it: the stage, and its weights. */
export const savePolicy = Effect.fnUntraced(function* (
  { directory, stage }: Place,
  { task, config, params }: { readonly task: Task; readonly config: ModelConfig; readonly params: Params }
) {
  const folder = yield* writeModel(directory, `${stage}/best_model`, {
    ...{ config, params, texts: textsOf(task), head: "language" }
  })
  return { checkpoint_id: stage, checkpoint_weights: yield* weightsDigest(folder) }
})

/** Where a stage keeps a reward: the last one, and that of the warm-up before the policy moved. */
export type RewardPlace = "best_model/reward_model" | "reward_model_warmup"

/** The trunk's shape with the layers that a head may have put on top. */
const shapeOf = (config: ModelConfig, params: Params): ModelConfig => {
  const layers = Object.keys(params).flatMap((name) => /^model\.layers\.(\d+)\./.exec(name)?.[1] ?? [])
  return { ...config, num_hidden_layers: new Set(layers).size }
}

export interface RewardToSave extends Pick<SavedReward, "reading" | "objective"> {
  readonly task: Task
  readonly config: ModelConfig
  readonly params: Params
}

/** Writes a reward with what says how it is read; returns what rows that it scores say of it. */
export const saveReward = Effect.fnUntraced(function* (
  { directory, stage }: Place,
  within: RewardPlace,
  { task, config, params, reading, objective }: RewardToSave
) {
  const folder = `${stage}/${within}`
  const { "generation_config.json": _, ...texts } = textsOf(task)
  yield* writeModel(directory, folder, { config: shapeOf(config, params), params, texts, head: "reward" })
  const weights = yield* SavedRewards.write(directory, folder, { reading, objective })
  return { reward_model_checkpoint: folder, reward_model_weights: weights }
})
