import { type EvaluationMode, evaluationMode, type RunConfig } from "../../core/config/index.ts"

/** What an evaluation does, of which nothing is read from the configuration again. */
export interface EvaluationPlan {
  readonly mode: EvaluationMode
  /** The run that is evaluated. */
  readonly run: string
  /** The policy that draws completions, or whose log-probabilities are asked for. */
  readonly policy: string
  /** Absent where no rewards are asked for. */
  readonly rewardModel?: string
  readonly logProbs: boolean
  readonly output: string
  /** Files in which completions may lie, the first that is there; absent where they are drawn. */
  readonly inputs?: ReadonlyArray<string>
}

const CHAINED = "eval_results_new.jsonl"
const LATER = ["debug.jsonl", "eval_results.jsonl"]

const outputs = (mode: EvaluationMode, dataset: string): string =>
  ({
    generate: `eval_results_${dataset}.jsonl`,
    aime: "eval_results_aime.jsonl",
    pregenerated_policy: "eval_results_logprobs.jsonl",
    pregenerated_policy_and_reward: "eval_results_logprobs_sft.jsonl"
  })[mode]

const isGenerating = (mode: EvaluationMode): boolean => mode === "generate" || mode === "aime"

/** Another run that is named as a policy; a new decoder or nothing is none. */
const sourceRun = ({ model }: RunConfig): string =>
  model.policy_name === null || model.policy_name === "fresh" ? model.name! : model.policy_name

/** Where completions are looked for; by default first where `generate` leaves them, then under the reference's names. */
const inputsOf = (config: RunConfig, mode: EvaluationMode): ReadonlyArray<string> => {
  const { eval: own, dataset, model } = config
  if (own.pregenerated_jsonl_path !== null) return [own.pregenerated_jsonl_path]
  const both = mode === "pregenerated_policy_and_reward"
  const folder = own.pregenerated_source_dir ?? (both ? sourceRun(config) : model.name!)
  const written = [outputs("generate", dataset.name), outputs("aime", dataset.name), CHAINED]
  const names = own.pregenerated_candidates ?? [...written, ...(both ? LATER : [])]
  return names.map((name) => `${folder}/${name}`)
}

/** What a configuration asks to be evaluated. @see specs/62-evaluation-runs.md */
export const planOf = (config: RunConfig): EvaluationPlan => {
  const { eval: own, model, dataset, algorithm } = config
  const mode = evaluationMode(own.mode)!
  const scored = own.compute_reward_model_scores ?? mode !== "pregenerated_policy"
  const run = model.name!
  const rewards = scored && algorithm === "airl"
  const guided = algorithm === "airl" && isGenerating(mode) && config.guidance.method !== "none"
  return {
    mode,
    run,
    policy: mode === "pregenerated_policy_and_reward" ? sourceRun(config) : run,
    ...(rewards || guided ? { rewardModel: own.reward_model ?? run } : {}),
    logProbs: own.compute_policy_log_probs ?? !isGenerating(mode),
    output: own.output_file ?? `${run}/${outputs(mode, dataset.name)}`,
    ...(isGenerating(mode) ? {} : { inputs: inputsOf(config, mode) })
  }
}
