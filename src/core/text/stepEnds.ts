import { type StepRule, sentences, TAIL } from "./StepRule.ts"

/** A tag such as `<think>`, `</answer>`, `<|im_start|>`; and one that may still be growing. */
const LEADING_MARKUP = /^(?:\s+|<\/?[A-Za-z|][^<>\s]*>)+/
const GROWING_TAG = /^<(?:\/?(?:[A-Za-z|][^<>\s]{0,40})?)?$/

/**
 * Index of the last token of each step, in order, strictly increasing; the last token is always one.
 *
 * Whatever the rule, no step ends before the first visible character (tags are not visible), nor on blank tokens right
 * after a boundary: these open the next step. Costs O(T): the rule sees a bounded tail of the text.
 *
 * @param pieces [T] the text that each completion token adds, special tokens shown
 * @see specs/12-steps.md
 */
export const stepEnds = (pieces: ReadonlyArray<string>, rule: StepRule = sentences): ReadonlyArray<number> => {
  const ends: Array<number> = []
  let tail = ""
  // The text so far less its leading blanks and tags, until something visible stays.
  let head: string | undefined = ""
  let visibleSinceEnd = false
  for (const [t, piece] of pieces.entries()) {
    tail = (tail + piece).slice(-TAIL)
    if (head !== undefined) {
      head = (head + piece).replace(LEADING_MARKUP, "")
      if (head !== "" && !GROWING_TAG.test(head)) head = undefined
    }
    const started = head === undefined
    if (started && piece.trim() !== "") visibleSinceEnd = true
    if (started && visibleSinceEnd && rule.endsStep({ tail, piece, next: pieces[t + 1] ?? "" })) {
      ends.push(t)
      visibleSinceEnd = false
    }
  }
  const last = pieces.length - 1
  if (last >= 0 && ends.at(-1) !== last) ends.push(last)
  return ends
}
