import { Effect } from "effect"
import { OutcomeJudges, type Params } from "../../core/learner/index.ts"
import { OutcomeRewards } from "../../core/reward/index.ts"
import { answer } from "./answer.ts"
import type { Look } from "./keepingBest.ts"
import { judgeOf, type Work } from "./Work.ts"

/** One completion of each held-out problem, from the same uniforms at every look, judged by its outcome. */
export const lookAtProblems = (work: Work) => {
  const {
    recipe,
    data: { task }
  } = work
  const problems = task.splits.validation.problems.slice(0, recipe.looks.problems)
  const judge = judgeOf(task)
  return Effect.fnUntraced(function* (policy: Params) {
    const rows = yield* answer(work, problems, policy)
    const judged = rows.map(({ token_ids = [] }, i) => judge({ prompt: [], problem: problems[i]! }, token_ids))
    const values = judged.flatMap((one) => {
      const total = OutcomeRewards.total(one)
      return total._tag === "Scored" ? [total.value] : []
    })
    const value = values.reduce((sum, x) => sum + x, 0) / Math.max(1, values.length)
    const metrics = { ...OutcomeJudges.outcomeMetrics(judged, "eval/rewards/"), "eval/reward": value }
    return { metrics, value } satisfies Look
  })
}
