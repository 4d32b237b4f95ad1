import { edits } from "../evaluation/index.ts"

/** A word of a text, and whether the other text has it. */
export interface ExcerptWord {
  readonly text: string
  readonly isChanged: boolean
}

/** Words shown on either side of a change, and most words of all. */
const limits = { around: 14, all: 60 } as const

const windowOf = (words: ReadonlyArray<ExcerptWord>, start: number, end: number): ReadonlyArray<ExcerptWord> => {
  const low = Math.max(0, start - limits.around)
  const high = Math.min(words.length, end + limits.around, low + limits.all)
  const gap = (there: boolean): ReadonlyArray<ExcerptWord> => (there ? [{ text: "…", isChanged: false }] : [])
  return [...gap(low > 0), ...words.slice(low, high), ...gap(high < words.length)]
}

/** What surrounds the first to the last difference of two texts, word by word, of each text. */
export const excerptsOf = (
  clean: string,
  perturbed: string
): readonly [clean: ReadonlyArray<ExcerptWord>, perturbed: ReadonlyArray<ExcerptWord>] => {
  const words = (text: string): ReadonlyArray<string> => text.match(/\S+/g) ?? []
  const texts = [words(clean), words(perturbed)] as const
  const found = edits(...texts)
  const side = (words: ReadonlyArray<string>, of: "clean" | "perturbed"): ReadonlyArray<ExcerptWord> =>
    windowOf(
      words.map((text, w) => ({ text, isChanged: found.some((edit) => edit[of][0] <= w && w < edit[of][1]) })),
      found[0]?.[of][0] ?? 0,
      found.at(-1)?.[of][1] ?? 0
    )
  return [side(texts[0], "clean"), side(texts[1], "perturbed")]
}
