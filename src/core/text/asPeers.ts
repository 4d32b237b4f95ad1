/** `(?i:…)` around plain alternatives, such as `(?i:'s|'t|'re)`. */
const plainGroup = /\(\?i:([^()[\]\\]*)\)/gu

/** Any group that switches case off. */
const anyGroup = /\(\?[a-z]*i/gu

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0

/**
 * The pattern with the letters beyond ASCII that are a case of s and k: long s (U+017F) and Kelvin (U+212A). Undefined
 * where it switches case off for more than plain alternatives.
 */
const folded = (pattern: string): string | undefined =>
  count(pattern, anyGroup) > count(pattern, plainGroup)
    ? undefined
    : pattern.replace(plainGroup, (group) => group.replace(/s/giu, "[sS\u017f]").replace(/k/giu, "[kK\u212a]"))

const isObject = (x: unknown): x is Readonly<Record<string, unknown>> =>
  (typeof x === "object" || typeof x === "function") && x !== null

/** The same value with every regular expression in it `folded`. @throws Error for one that cannot be */
const foldedPatterns = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(foldedPatterns)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key !== "Regex" || typeof inner !== "string") return [key, foldedPatterns(inner)]
      const pattern = folded(inner)
      if (pattern === undefined)
        throw new Error(`its pattern ${JSON.stringify(inner)} ignores case for more than plain words`)
      return [key, pattern]
    })
  )
}

/**
 * A `tokenizer.json` whose patterns mean to the library what they mean to the Python packages, where (?i:…) takes all
 * cases of Unicode; the library takes those of ASCII.
 *
 * @throws Error with the reason where the library cannot be told
 */
export const patternsAsPeers = (json: object): object => {
  const parts = Object.entries(json).filter(([key]) => ["normalizer", "pre_tokenizer", "decoder"].includes(key))
  return { ...json, ...Object.fromEntries(parts.map(([key, part]) => [key, foldedPatterns(part)])) }
}

/**
 * Has the pattern that byte-level tokenizers bring along take for white space what the Python packages do: Unicode's,
 * with U+0085 and without U+FEFF. The library mends so what `tokenizer.json` writes out, and not this one.
 *
 * @param preTokenizer of the library, which changes
 */
export const whiteSpaceAsPeers = (preTokenizer: unknown): void => {
  if (!isObject(preTokenizer)) return
  const { tokenizers, pattern, use_regex } = preTokenizer
  if (Array.isArray(tokenizers)) for (const one of tokenizers) whiteSpaceAsPeers(one)
  if (use_regex !== true || !(pattern instanceof RegExp)) return
  const source = pattern.source.replaceAll("\\s", "\\p{White_Space}").replaceAll("\\S", "\\P{White_Space}")
  Object.assign(preTokenizer, { pattern: new RegExp(source, pattern.flags) })
}
