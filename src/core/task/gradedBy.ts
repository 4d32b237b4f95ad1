import { Outcomes } from "../data/index.ts"
import { type AnswerCheck, AnswerChecks } from "../text/index.ts"
import type { Task } from "./Task.ts"

/**
 * The task with another check of its final answers, e.g. `formulaCheck(compare)` where they may be formulas. Problems
 * with options or given numbers keep the task's own, since their answers are no formulas.
 *
 * @see specs/26-tasks.md
 */
export const gradedBy = (task: Task, grader: AnswerCheck): Task => ({
  ...task,
  grader,
  checkAnswer: (problem, completion) => {
    if (problem.options !== undefined || problem.numbers !== undefined) return task.checkAnswer(problem, completion)
    if (problem.finalAnswer === undefined) return Outcomes.skipped("no gold answer")
    const given = AnswerChecks.prediction(task.finalAnswer(problem, completion))
    return grader.check(AnswerChecks.gold(problem.finalAnswer), given)
  }
})
