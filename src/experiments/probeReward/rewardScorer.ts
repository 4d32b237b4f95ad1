import { Effect } from "effect"
import type { Selector } from "../../core/evaluation/index.ts"
import type { Scorer } from "../../core/learner/index.ts"
import { TraceScores } from "../../core/result/index.ts"
import type { TraceScorer } from "../../core/suite/index.ts"
import { UnknownText } from "../../core/text/index.ts"
import type { RewardReader } from "../evaluateRun/index.ts"

/** A reward model as a scorer of texts, by the units' rewards under a selector; what it cannot read whole has no score. */
export const rewardScorer = (reader: RewardReader, selector: Selector): TraceScorer<Scorer.ScoreError> => {
  const { tokenizer } = reader.model.model
  const score = TraceScores.reward(selector)
  return {
    name: `${reader.kind}, ${selector.name}`,
    reads: (text) => {
      try {
        tokenizer.encode(text)
        return true
      } catch (error) {
        if (error instanceof UnknownText) return false
        throw error
      }
    },
    score: (traces) => {
      const sequences = traces.map(({ prompt, completion }) => ({
        prompt: tokenizer.encode(prompt),
        completion: [...tokenizer.encode(completion), tokenizer.eosId]
      }))
      const fits = sequences.map(reader.fits)
      const readable = sequences.filter((_, i) => fits[i])
      if (readable.length === 0) return Effect.succeed(traces.map(() => Number.NaN))
      return Effect.map(reader.rewards(readable), (columns) => {
        const row = { prompt: [], generation: { content: "" }, generation_idx: 0, correctness_reward_func: null }
        const values = columns.map((own) => score({ ...row, ...own }))
        let next = 0
        return fits.map((fit) => (fit ? values[next++]! : Number.NaN))
      })
    }
  }
}
