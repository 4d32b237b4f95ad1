/** Perturbations by the names that the reference gives them, and two of ours. */
export const perturbations = [
  "flip_operator_in_one_step",
  "corrupt_answer_nearby_number",
  "corrupt_answer_with_think_number",
  "corrupt_numbers",
  "flip_clinical_direction",
  "reverse_causal_chains",
  "corrupt_demographics",
  "corrupt_guidelines_modalities",
  /** One wrong equation, of every kind that arithmetic traces can have. */
  "corrupt_equation"
] as const

/** Those, and wrong versions that the data bring along. */
export const negativeSources = [...perturbations, "stored_corruptions"] as const
