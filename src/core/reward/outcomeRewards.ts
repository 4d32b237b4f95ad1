import type { Problem } from "../data/index.ts"
import { type AnswerCheck, AnswerChecks, countdown, multipleChoice } from "../text/index.ts"
import {
  correctness,
  integerAnswer,
  type OutcomeReward,
  readFirstTags,
  softFormat,
  strictFormat,
  xmlCount
} from "./OutcomeReward.ts"

/** The rules on the format, which hold of every data set. */
export const formatRewards: ReadonlyArray<OutcomeReward> = [softFormat, strictFormat, xmlCount]

/** A right answer by a check, an answer of digits, the format. At most 4.001. */
export const answerRewards = (check: AnswerCheck): ReadonlyArray<OutcomeReward> => [
  correctness(check),
  integerAnswer,
  ...formatRewards
]

/** GSM8K and AIME: the answer is a number. */
export const mathRewards: ReadonlyArray<OutcomeReward> = answerRewards(AnswerChecks.number)

/**
 * Multiple choice: the right option, the format. A right option is worth 2 in MedReason and MMLU-Pro, 1 in ScienceQA.
 *
 * @param options their texts, in the order of their letters; [] where they are unknown
 */
export const choiceRewards = (options: ReadonlyArray<string> = [], value = 2): ReadonlyArray<OutcomeReward> => [
  correctness(multipleChoice(options), { value }),
  ...formatRewards
]

/** Countdown: the first answer block reaches the target with the given numbers; the format. The gold answer is the target. */
export const countdownRewards = (given: ReadonlyArray<number>): ReadonlyArray<OutcomeReward> => [
  correctness(countdown(given), { read: readFirstTags }),
  ...formatRewards
]

/** What `rewardsOf` may be told. */
export interface RewardChoice {
  /** What a right option is worth: 2, and 1 in ScienceQA. Default 2. */
  readonly choiceValue?: number
  /** Compares answers that are neither options nor Countdown's, e.g. `formulaCheck(compare)`. Default: numbers. */
  readonly check?: AnswerCheck
}

/**
 * All outcome rewards of a problem, by what it asks: Countdown where numbers are given, multiple choice where options
 * are, else an answer to compare.
 */
export const rewardsOf = (
  { numbers, options }: Pick<Problem, "numbers" | "options">,
  { choiceValue = 2, check }: RewardChoice = {}
): ReadonlyArray<OutcomeReward> => {
  if (numbers !== undefined) return countdownRewards(numbers)
  if (options !== undefined) return choiceRewards(options, choiceValue)
  return check === undefined ? mathRewards : answerRewards(check)
}
