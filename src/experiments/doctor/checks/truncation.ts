import type { Fitted } from "../../../core/task/index.ts"
import { failed, passed, type Verdict, warned } from "../Check.ts"

/** Share of training texts that may be left out for their length before a run is about other data than was given. */
const MOST = 0.5

/** How many training texts the limits leave out. Nothing is cut. */
export const truncation = (
  { train }: Pick<Fitted["tooLong"], "train">,
  used: { readonly problems: number; readonly demonstrations: number }
): Verdict => {
  const out = train.prompts + train.completions
  const share = (left: number, kept: number): number => left / Math.max(1, left + kept)
  const most = Math.max(share(train.prompts, used.problems), share(train.completions, used.demonstrations))
  const reason = `${train.prompts} prompts and ${train.completions} completions are too long, ${(100 * most).toFixed(1)}% at most`
  const fix = "Raise model.max_prompt_length or model.max_completion_length."
  if (out === 0) return passed("every text fits")
  return most > MOST ? failed(reason, fix) : warned(`${reason}; they are left out`, fix)
}
