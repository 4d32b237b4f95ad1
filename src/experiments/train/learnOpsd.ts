import { Effect } from "effect"
import { type Demonstration, Problems } from "../../core/data/index.ts"
import { Opsd, type OpsdItem, type OpsdMode } from "../../core/learner/index.ts"
import type { Task } from "../../core/task/index.ts"
import type { Session } from "../run/index.ts"
import { keepingBest } from "./keepingBest.ts"
import { lookAtProblems } from "./lookAtProblems.ts"
import { policyOptions, stepOptions } from "./policyOptions.ts"
import type { OpsdRecipe, PolicyRecipe } from "./Recipe.ts"
import { policySteps, type Work } from "./Work.ts"

/** The prompt with the expert's trace at the end of the user's last turn, as token ids. */
const teacherPrompt = ({ tokenizer, renderPrompt }: Task, { problem, completion }: Demonstration) => {
  const turns = Problems.messages(problem)
  const last = turns.findLastIndex(({ role }) => role === "user")
  const [first, ...rest] = turns.map((turn, i) =>
    i === last ? { ...turn, content: `${turn.content}\n\n${completion}` } : turn
  )
  return tokenizer.encode(renderPrompt(first === undefined ? problem : { ...problem, prompt: [first, ...rest] }))
}

const modeOf = ({ kind, standardise }: OpsdRecipe, policy: PolicyRecipe): OpsdMode =>
  kind === "grpo"
    ? { _tag: "Grpo", objective: policy.objective, step: stepOptions(policy) }
    : { _tag: "Direct", generations: policy.generations, standardise }

/** On-policy self-distillation. */
export const learnOpsd = (work: Work, session: Session, policy: PolicyRecipe, mode: OpsdRecipe) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { recipe, data, start } = work
      const { demonstrations } = data.task.splits.train
      const steps = policySteps(policy, data)
      const items = data.items.flatMap((item): ReadonlyArray<OpsdItem> => {
        const shown = item.demonstration === undefined ? undefined : demonstrations[item.demonstration]
        return shown === undefined ? [] : [{ ...item, teacherPrompt: teacherPrompt(data.task, shown) }]
      })
      const inner = yield* Opsd.make({
        name: "opsd",
        seed: recipe.seed,
        policy: policyOptions(recipe, policy, start, steps),
        items,
        promptsPerStep: policy.promptsPerStep,
        steps,
        checkpointEvery: recipe.looks.every,
        weights: mode.weights,
        mode: modeOf(mode, policy)
      })
      const stage = keepingBest(inner, { every: recipe.looks.every, keep: policy.keep, look: lookAtProblems(work) })
      yield* session.run(stage)
      return yield* stage.result
    })
  )
