import type { Problem } from "../data/index.ts"
import type { StepVerdict } from "./Task.ts"

/** What a judge says of a step: 1 right, 0 not wrong but of no use, -1 wrong; undefined where nobody judged it. */
export type StepRating = -1 | 0 | 1 | undefined

/** A solution in steps, as judged by people: where it first goes wrong is known, not computed. */
export interface StepTrace {
  readonly problem: Problem
  /** In order; what follows a wrong step goes on from it. */
  readonly steps: ReadonlyArray<string>
  /** One a step. */
  readonly ratings: ReadonlyArray<StepRating>
  /** Whether the final answer is right, where that was judged; a right answer may follow a wrong step. */
  readonly finalAnswerCorrect?: boolean
  /** Who wrote the steps. */
  readonly source?: string
}

/** 0-based index of the first step that is rated wrong, undefined where none is. */
export const firstWrongStep = ({ ratings }: Pick<StepTrace, "ratings">): number | undefined => {
  const at = ratings.indexOf(-1)
  return at < 0 ? undefined : at
}

/**
 * The trace as one text, and its verdict: each step with the separator after it is a span, the last one without.
 *
 * @param separator that which the scorer was trained with
 */
export const stepText = (
  trace: Pick<StepTrace, "steps" | "ratings">,
  separator: string
): { readonly text: string; readonly verdict: StepVerdict } => {
  let end = 0
  const steps = trace.steps.map((step, i) => {
    const start = end
    end += step.length + (i < trace.steps.length - 1 ? separator.length : 0)
    return { start, end }
  })
  return { text: trace.steps.join(separator), verdict: { firstWrongStep: firstWrongStep(trace), steps } }
}
