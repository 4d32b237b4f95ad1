import { edits } from "./alignment.ts"
import type { TokenSpan } from "./Selector.ts"

/**
 * Perturbed tokens that differ from the clean trace, and the first mismatch: where something was only left out, the
 * token that now stands there.
 */
export const differingTokens = <A>(clean: ReadonlyArray<A>, perturbed: ReadonlyArray<A>): ReadonlyArray<number> => {
  const found = edits(clean, perturbed)
  const tokens = found.flatMap(({ perturbed: [start, end] }) =>
    Array.from({ length: end - start }, (_, i) => start + i)
  )
  const first = found[0]
  const place = first === undefined ? undefined : Math.min(first.perturbed[0], perturbed.length - 1)
  return place === undefined || place < 0 || tokens.includes(place) ? tokens : [place, ...tokens]
}

/**
 * Tokens that overlap a span of characters.
 *
 * @param bounds start of each token in the text, and the end of the last: [T + 1]
 */
export const tokensOfSpan = (bounds: ReadonlyArray<number>, span: TokenSpan): ReadonlyArray<number> =>
  [...bounds.keys()].filter((t) => bounds[t]! < span.end && bounds[t + 1]! > span.start)

/** Characters of the first word of `perturbed` that differs from `clean`, e.g. of one step; `undefined` if none does. */
export const firstDifferingWord = (clean: string, perturbed: string): TokenSpan | undefined => {
  const before = clean.match(/\S+/g) ?? []
  const words = [...perturbed.matchAll(/\S+/g)]
  const at = words.findIndex((word, i) => word[0] !== before[i])
  const word = words[at]
  return word === undefined ? undefined : { start: word.index, end: word.index + word[0].length }
}

/** An edited trace with what is known of the edit. */
export interface EditedTrace {
  readonly clean: ReadonlyArray<number>
  readonly perturbed: ReadonlyArray<number>
  /** Token bounds of the perturbed text: [T + 1]. */
  readonly bounds: ReadonlyArray<number>
  /** Characters of the edited step in the perturbed text. */
  readonly step?: TokenSpan
  readonly originalStep?: string
  readonly perturbedStep?: string
}

/** From an edited trace to the tokens that count as the error. */
export type TargetSource = (trace: EditedTrace) => ReadonlyArray<number>

/** All tokens that differ. */
export const diff: TargetSource = ({ clean, perturbed }) => differingTokens(clean, perturbed)

const orDiff =
  (source: TargetSource): TargetSource =>
  (trace) => {
    const found = source(trace)
    return found.length > 0 ? found : diff(trace)
  }

/** The tokens of the edited step; of `diff` where there is none. */
export const charSpan: TargetSource = orDiff(({ bounds, step }) =>
  step === undefined ? [] : tokensOfSpan(bounds, step)
)

/** The first token of the edited step; of `diff` where there is none. */
export const charStart: TargetSource = orDiff(({ bounds, step }) =>
  step === undefined ? [] : tokensOfSpan(bounds, step).slice(0, 1)
)

/** The first word of the edited step that differs from the original one; of `diff` where there is none. */
export const stepFirstDiff: TargetSource = orDiff(({ bounds, step, originalStep, perturbedStep }) => {
  if (step === undefined || originalStep === undefined || perturbedStep === undefined) return []
  const word = firstDifferingWord(originalStep, perturbedStep)
  return word === undefined ? [] : tokensOfSpan(bounds, { start: step.start + word.start, end: step.start + word.end })
})
