import { OutcomeJudges } from "../../core/learner/index.ts"
import { rewardsOf } from "../../core/reward/index.ts"
import type { Task } from "../../core/task/index.ts"
import { stepsOf } from "./policyOptions.ts"
import type { PreparedData } from "./prepareData.ts"
import type { PolicyRecipe, Recipe, SftRecipe } from "./Recipe.ts"
import type { Start } from "./start.ts"

/** A run under way: what it is to do, on what, from where. */
export interface Work {
  readonly recipe: Recipe
  readonly data: PreparedData
  readonly start: Start
}

/** A right answer is worth half as much in ScienceQA. */
const choiceValue = ({ name }: Task): number => (name === "scienceqa" ? 1 : 2)

/** All outcome rewards of a task, each counting 1. */
export const judgeOf = (task: Task) =>
  OutcomeJudges.judgeBy(task.tokenizer, (problem) =>
    rewardsOf(problem, {
      choiceValue: choiceValue(task),
      ...(task.grader === undefined ? {} : { check: task.grader })
    }).map((reward) => ({ reward, weight: 1 }))
  )

/** Steps of supervised fine-tuning. */
export const sftSteps = ({ length, batchSize }: SftRecipe, { train }: PreparedData): number =>
  stepsOf(length, train.length, batchSize)

/** Steps of the policy. */
export const policySteps = ({ length, promptsPerStep }: PolicyRecipe, { items }: PreparedData): number =>
  stepsOf(length, items.length, promptsPerStep)
