import type { JudgedTrace } from "../learn/JudgedTrace.ts"

/** The tokens of a trace that another one does not have: from the first difference to the last. */
export const changedTokens = (trace: JudgedTrace, original: JudgedTrace): ReadonlySet<number> => {
  const [own, other] = [trace, original].map(({ steps }) => steps.flat().map(({ text }) => text)) as [
    string[],
    string[]
  ]
  const shorter = Math.min(own.length, other.length)
  let start = 0
  while (start < shorter && own[start] === other[start]) start++
  let same = 0
  while (same < shorter - start && own[own.length - 1 - same] === other[other.length - 1 - same]) same++
  return new Set(Array.from({ length: own.length - same - start }, (_, k) => start + k))
}
