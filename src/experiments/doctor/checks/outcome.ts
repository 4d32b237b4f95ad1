import { type Outcome, Outcomes, type Problem } from "../../../core/data/index.ts"
import { failed, passed, skipped, type Verdict, warned } from "../Check.ts"

/** A problem with a completion that ought to be right. */
export interface Solved {
  readonly problem: Problem
  readonly completion: string
}

/** Judges a completion of a problem. */
export type JudgeText = (problem: Problem, completion: string) => Outcome

const describe = (outcome: Outcome): string => Outcomes.describe(outcome)

/**
 * The contract of a reward for outcomes: a right completion counts as right, none does that is empty, and the right one
 * does not against another gold answer. Demonstrations that miss the gold answer are the expert's errors, up to half.
 */
export const outcomeContract = (judge: JudgeText, solved: ReadonlyArray<Solved>): Verdict => {
  const fix =
    "Mend the reward, or the answers of the data: specs/11-answers.md and specs/14-outcome-rewards.md say how they are read."
  if (solved.length === 0) return skipped("no problem has a gold answer with a demonstration")
  const answers = solved.map(({ problem }) => problem.finalAnswer)
  const verdicts = solved.map(({ problem, completion }) => judge(problem, completion))
  const missed = verdicts.findIndex((verdict) => Outcomes.isCorrect(verdict) !== true)
  const wrong = verdicts.filter((verdict) => Outcomes.isCorrect(verdict) !== true).length
  if (wrong > solved.length / 2)
    return failed(
      `${wrong} of ${solved.length} expert completions are not right, e.g. ${describe(verdicts[missed]!)}`,
      fix
    )
  for (const [i, { problem, completion }] of solved.entries()) {
    const nothing = judge(problem, "")
    if (Outcomes.isCorrect(nothing) === true)
      return failed(`an empty completion of problem ${problem.id} is right: ${describe(nothing)}`, fix)
    const other = answers.find((answer) => answer !== undefined && answer !== problem.finalAnswer)
    if (other === undefined || Outcomes.isCorrect(verdicts[i]!) !== true) continue
    const crossed = judge({ ...problem, finalAnswer: other }, completion)
    if (Outcomes.isCorrect(crossed) === true)
      return failed(
        `the completion of problem ${problem.id} is right for ${JSON.stringify(problem.finalAnswer)} and for ${JSON.stringify(other)}`,
        fix
      )
  }
  return wrong === 0
    ? passed(`${solved.length} expert completions are right, empty ones and other gold answers are not`)
    : warned(
        `${wrong} of ${solved.length} expert completions are not right`,
        "Look at them: the expert may err, or its answer may not be read."
      )
}
