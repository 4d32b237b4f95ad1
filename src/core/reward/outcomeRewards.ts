import type { Problem } from "../data/index.ts"
import { AnswerChecks, countdown, multipleChoice } from "../text/index.ts"
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

/** GSM8K and AIME: a right number, an answer of digits, the format. At most 4.001. */
export const mathRewards: ReadonlyArray<OutcomeReward> = [
  correctness(AnswerChecks.number),
  integerAnswer,
  ...formatRewards
]

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

/**
 * All outcome rewards of a problem, by what it asks: Countdown where numbers are given, multiple choice where options
 * are, else a number.
 *
 * @param choiceValue what a right option is worth: 2, and 1 in ScienceQA
 */
export const rewardsOf = (
  { numbers, options }: Pick<Problem, "numbers" | "options">,
  choiceValue = 2
): ReadonlyArray<OutcomeReward> =>
  numbers !== undefined
    ? countdownRewards(numbers)
    : options !== undefined
      ? choiceRewards(options, choiceValue)
      : mathRewards
