import type { ConfigProblem, Matters, ValueOf } from "./consistency.ts"
import { evaluationMode, evaluationModes } from "./evaluationMode.ts"
import { type Node, type Origin, select } from "./Node.ts"

const DEFAULT: Origin = { _tag: "Default" }

/** What an evaluation lacks, or what its keys say against each other. */
export const evaluationProblems = (tree: Node, valueOf: ValueOf, matters: Matters): ReadonlyArray<ConfigProblem> => {
  const at = (key: string, reason: string): ConfigProblem => ({
    key,
    origin: select(tree, key.split("."))?.origin ?? DEFAULT,
    reason
  })
  const isNull = (key: string) => (valueOf(key) ?? null) === null
  const given = valueOf("eval.mode") ?? null
  const mode = evaluationMode(typeof given === "string" ? given : null)
  const output = valueOf("eval.output_file")
  const rewards = valueOf("eval.compute_reward_model_scores") === true || !isNull("eval.reward_model")
  return [
    ...["algorithm", "seed", "dataset.name", "model.max_prompt_length", "model.max_completion_length", "model.name"]
      .filter(isNull)
      .map((key) => at(key, "it must be given.")),
    ...(mode === undefined
      ? [at("eval.mode", `unknown mode. Give one of ${Object.keys(evaluationModes).join(", ")}.`)]
      : []),
    ...(typeof output === "string" && !output.endsWith(".jsonl")
      ? [at("eval.output_file", "it is written row by row: its name must end in .jsonl.")]
      : []),
    ...(rewards && valueOf("algorithm") !== "airl"
      ? [at("eval.compute_reward_model_scores", "only a run of algorithm airl has a reward model.")]
      : []),
    ...(matters("training.vllm_server_base_url") && isNull("training.vllm_server_base_url")
      ? [at("training.vllm_server_base_url", "training.use_vllm needs it.")]
      : []),
    ...(valueOf("training.use_vllm") === true && matters("guidance.method") && valueOf("guidance.method") === "topk"
      ? [at("guidance.method", "topk reads the policy's logits, which no server gives: set training.use_vllm=false.")]
      : []),
    ...(matters("model.reward_lb") && Number(valueOf("model.reward_lb")) >= Number(valueOf("model.reward_ub"))
      ? [at("model.reward_lb", "it must be below model.reward_ub.")]
      : [])
  ]
}
