import { schemaVersion } from "../data/index.ts"
import type { PairRow } from "./PairRow.ts"
import type { KeyedRow } from "./RowKey.ts"

/** A pair under its published name, and its two traces as rows that models can score. */
export interface NamedPair {
  /** `p<prompt>_s<severity>_v<variant>` */
  readonly name: string
  readonly pair: PairRow
  readonly clean: KeyedRow
  readonly perturbed: KeyedRow
}

/** Counts up what is asked for by one key. */
const counter = () => {
  const next = new Map<string, number>()
  return (key: string): number => {
    const n = next.get(key) ?? 0
    next.set(key, n + 1)
    return n
  }
}

/**
 * Names for all pairs of a file. A prompt without a place takes that of its first appearance, a copy without a variant,
 * or with one that was there before, the next that is free. Its traces are references (60), told apart by their number
 * among those of the prompt.
 */
export const namePairs = (pairs: ReadonlyArray<PairRow>): ReadonlyArray<NamedPair> => {
  const prompts = [...new Set(pairs.map(({ promptId }) => promptId))]
  const taken = new Set<string>()
  const numberOf = counter()
  return pairs.map((pair) => {
    const stem = `p${pair.promptIndex ?? prompts.indexOf(pair.promptId)}_s${pair.severity}_v`
    let variant = pair.variant ?? 0
    while (taken.has(`${stem}${variant}`)) variant += 1
    taken.add(`${stem}${variant}`)
    const number = numberOf(pair.promptId)
    const row = (source: "clean" | "perturbed", content: string): KeyedRow => ({
      prompt: pair.messages,
      generation: { content },
      generation_idx: number,
      correctness_reward_func: null,
      prompt_id: pair.promptId,
      source,
      schema_version: schemaVersion
    })
    return {
      name: `${stem}${variant}`,
      pair,
      clean: row("clean", pair.clean),
      perturbed: row("perturbed", pair.wrong)
    }
  })
}
