import type { ResultRow } from "../data/index.ts"

/** Whether a row's answer is right; `undefined` where there is no verdict, which must not be read as wrong. */
export type Verdict = (row: ResultRow) => boolean | undefined

/** The stored check: a correctness of 2 is right, 0 is wrong, and any other value is no verdict. */
export const stored: Verdict = ({ correctness_reward_func: value }) =>
  value === 2 ? true : value === 0 ? false : undefined

/** The check on a lenient reading of the answer, where the row has one. */
export const formatAdjusted: Verdict = (row) => row.format_adjusted_correct ?? undefined
