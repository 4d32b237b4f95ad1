import { type Outcome, Outcomes } from "../data/index.ts"
import { type AnswerCheck, AnswerChecks, type Gold, ThinkAnswer } from "../text/index.ts"

/** Judges a whole completion by rules; no model is asked. Never part of what a learned reward is trained on. */
export interface OutcomeReward {
  /** Column of the result file, e.g. `correctness_reward_func`. */
  readonly name: string
  /** @param gold the problem's answer; undefined where none is known */
  readonly judge: (completion: string, gold: Gold | undefined) => Outcome
}

/** The final answer of a completion, by default of the think/answer format; undefined when it gives none. */
export type AnswerReader = (completion: string) => string | undefined

const textOf = (block: ThinkAnswer.Block): string | undefined => (block._tag === "Found" ? block.text : undefined)

/** The last answer block. */
export const readTags: AnswerReader = (completion) => textOf(ThinkAnswer.answer(completion))

/** The first answer block. */
export const readFirstTags: AnswerReader = (completion) => textOf(ThinkAnswer.firstAnswer(completion))

/** What `correctness` may be told beside the check. */
export interface CorrectnessOptions {
  /** Default `readTags`. */
  readonly read?: AnswerReader
  /** What a right answer is worth. Default 2. */
  readonly value?: number
}

/** 2 when the final answer passes the check, else 0; Skipped where no gold answer is known. */
export const correctness = (check: AnswerCheck, options: CorrectnessOptions = {}): OutcomeReward => {
  const { read = readTags, value = 2 } = options
  return {
    name: "correctness_reward_func",
    judge: (completion, gold) =>
      gold === undefined
        ? Outcomes.skipped("no gold answer")
        : Outcomes.scale(check.check(gold, AnswerChecks.prediction(read(completion))), value)
  }
}

/**
 * 0.125 for each tag that occurs exactly once, less 0.001 for each of the T characters after the last closing answer
 * tag (all, if there is none) when the opening answer tag is unique, and for each of T-1 when the closing one is.
 * At most 0.501.
 */
export const xmlCount: OutcomeReward = {
  name: "xmlcount_reward_func",
  judge: (completion) => {
    const unique = ThinkAnswer.uniqueTags(completion)
    const close = completion.lastIndexOf(ThinkAnswer.tags.closeAnswer)
    const after = close < 0 ? completion.length : completion.length - close - ThinkAnswer.tags.closeAnswer.length
    const opening = unique.includes(ThinkAnswer.tags.openAnswer) ? 0.001 * after : 0
    const closing = unique.includes(ThinkAnswer.tags.closeAnswer) ? 0.001 * (after - 1) : 0
    return Outcomes.scored(
      0.125 * unique.length - opening - closing,
      `${unique.length} tags once, ${after} characters after`
    )
  }
}

const format = (name: string, holds: (completion: string) => boolean): OutcomeReward => ({
  name,
  judge: (completion) => {
    const right = holds(completion)
    return Outcomes.scored(right ? 0.5 : 0, right ? "the format holds" : "the format does not hold")
  }
})

/** 0.5 when a think block and later an answer block occur. */
export const softFormat: OutcomeReward = format("soft_format_reward_func", ThinkAnswer.isLoose)

/** 0.5 when the completion is a think block, white space and an answer block, and nothing else. */
export const strictFormat: OutcomeReward = format("strict_format_reward_func", ThinkAnswer.isStrict)

/** 0.5 when the answer is all digits. */
export const integerAnswer: OutcomeReward = format("int_reward_func", (completion) =>
  /^\d+$/.test(readTags(completion) ?? "")
)

/** An outcome reward, and how much it counts. */
export interface Weighted {
  readonly reward: OutcomeReward
  readonly weight: number
}

/** What an outcome reward said of a completion, and how much it counts. */
export interface Judged {
  readonly name: string
  readonly weight: number
  readonly outcome: Outcome
}

/**
 * The weighted sum of verdicts on one completion.
 *
 * A part that is Skipped is left out, as it is for every rollout of its problem. One that is Unverifiable or TimedOut
 * decides the sum's outcome: without it the rollout would be compared with others that had it. Parts of weight 0 do not
 * count. Skipped when no part is left.
 */
export const total = (judged: ReadonlyArray<Judged>): Outcome => {
  let sum = 0
  const reasons: Array<string> = []
  for (const { name, weight, outcome } of judged) {
    if (weight === 0 || outcome._tag === "Skipped") continue
    if (outcome._tag !== "Scored") return outcome
    sum += weight * outcome.value
    reasons.push(`${name} ${weight} * ${outcome.value}`)
  }
  return reasons.length === 0 ? Outcomes.skipped("no reward could be judged") : Outcomes.scored(sum, reasons.join(", "))
}

/** The `total` of outcome rewards: the GRPO baseline's reward, with weights of 1. Parts of weight 0 are not judged. */
export const weightedSum = (parts: ReadonlyArray<Weighted>): OutcomeReward => ({
  name: "reward",
  judge: (completion, gold) =>
    total(
      parts
        .filter(({ weight }) => weight !== 0)
        .map(({ reward, weight }) => ({ name: reward.name, weight, outcome: reward.judge(completion, gold) }))
    )
})

/** The sum of outcome rewards, each counting 1. */
export const sum = (rewards: ReadonlyArray<OutcomeReward>): OutcomeReward =>
  weightedSum(rewards.map((reward) => ({ reward, weight: 1 })))
