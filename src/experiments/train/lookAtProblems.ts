import { Effect } from "effect"
import { OutcomeJudges, type Params } from "../../core/learner/index.ts"
import { OutcomeRewards } from "../../core/reward/index.ts"
import { generate } from "../evaluate/index.ts"
import type { Look } from "./keepingBest.ts"
import { samplingOf } from "./policyOptions.ts"
import { judgeOf, type Work } from "./Work.ts"

/** One completion of each held-out problem, from the same uniforms at every look, judged by its outcome. */
export const lookAtProblems = ({ recipe, data: { task }, start }: Work) => {
  const problems = task.splits.validation.problems.slice(0, recipe.looks.problems)
  const judge = judgeOf(task)
  return Effect.fnUntraced(function* (policy: Params) {
    const rows = yield* generate({
      task,
      problems,
      config: start.config,
      params: policy,
      generations: 1,
      sampling: samplingOf(recipe, start),
      seed: recipe.seed
    })
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
