import { type Problem, Problems } from "../data/index.ts"
import { type KeyedRow, question } from "./RowKey.ts"

/**
 * Names rows by the problems that they answer: a row of a known id stays, one that goes by its question gets the id of
 * the problem that asks it. The gold answer and the category are added where the row lacks them.
 *
 * A row of no known problem, or of a question that several problems ask, stays as it is; with the problems' ids as what a
 * census expects, it is counted as of another data set.
 */
export const identify = (problems: ReadonlyArray<Problem>): ((row: KeyedRow) => KeyedRow) => {
  const byId = new Map(problems.map((problem) => [problem.id, problem]))
  const byQuestion = Map.groupBy(problems, (problem) => question({ prompt: Problems.messages(problem) }))
  return (row) => {
    const asking = byQuestion.get(question(row)) ?? []
    const problem = byId.get(row.prompt_id) ?? (asking.length === 1 ? asking[0] : undefined)
    if (problem === undefined) return row
    return {
      ...(problem.finalAnswer === undefined ? {} : { gold_answer: problem.finalAnswer }),
      ...(problem.category === undefined ? {} : { category: problem.category }),
      ...row,
      prompt_id: problem.id
    }
  }
}
