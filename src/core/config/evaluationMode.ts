/** What an evaluation does, with the names that each mode goes by. */
export const evaluationModes = {
  generate: ["default", "evaluate", "generate_and_eval"],
  aime: ["aime_generate", "generate_aime"],
  pregenerated_policy: ["pregenerated", "pregenerated_policy_only", "logprobs"],
  pregenerated_policy_and_reward: ["pregenerated_sft", "logprobs_sft"]
} as const

export type EvaluationMode = keyof typeof evaluationModes

/** The mode that a name means, in any case of letters: null is `generate`, a name that nobody knows is undefined. */
export const evaluationMode = (name: string | null): EvaluationMode | undefined => {
  if (name === null) return "generate"
  const wanted = name.toLowerCase()
  const known = Object.entries(evaluationModes) as ReadonlyArray<readonly [EvaluationMode, ReadonlyArray<string>]>
  return known.find(([mode, aliases]) => mode === wanted || aliases.includes(wanted))?.[0]
}
