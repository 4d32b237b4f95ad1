import { labelsOf } from "../text/index.ts"

/** What a free-form completion of a multiple-choice question says. */
export interface ChoiceTrace {
  /** The text up to the end of the line that answers; all that follows answers something else. */
  readonly text: string
  /** The reasoning alone, without the closing "The answer is (C)." */
  readonly trace: string
  /** The letter answered, undefined when none could be read. */
  readonly answer: string | undefined
  /** How it was read: stated ("the answer is"), labelled ("Answer: C"), or concluded ("the closest option is (C)."). */
  readonly rule: "stated" | "labelled" | "concluded" | "none"
  /** Whether text followed the answer and was left out: a model that ran on into further questions or answers. */
  readonly ranOn: boolean
  /** Whether the text stops without an answer and in the middle of a sentence: cut at a token limit. */
  readonly cutOff: boolean
}

/** Characters at the end of a text that a conclusion without "the answer is" is looked for in. */
const CONCLUSION = 240

/** Start of another question, which a base model may go on to invent. */
const NEXT_QUESTION = /\n\s*(?:Question|Q|Options)\s*[:\d]/i

interface Found {
  readonly answer: string
  readonly start: number
  readonly end: number
}

const lineEnd = (text: string, from: number): number => {
  const end = text.indexOf("\n", from)
  return end < 0 ? text.length : end
}

/** The last match within the line of the first: a statement may be taken back in its own line, not later. */
const lastInFirstLine = (text: string, pattern: RegExp): Found | undefined => {
  const matches = [...text.matchAll(pattern)]
  const first = matches[0]
  if (first === undefined) return undefined
  const end = lineEnd(text, first.index + first[0].length)
  const last = matches.filter((m) => m.index < end).at(-1) ?? first
  return { answer: last[1]!, start: last.index, end }
}

/**
 * Reads the answer out of a completion such as "... The answer is (C)." with letters for so many options.
 *
 * The text is cut at the first invented question. Then, in this order: (1) "answer is (C)", "answer is C", "answer is:
 * C"; (2) "Answer: C" or "Final answer:" and the letter on the next line; of the line with the first match the last
 * match counts, and the text ends with that line; (3) the last "(C)" or "option C" of the final line, if that speaks
 * of an answer, option or choice. A letter in other places is none.
 *
 * @see specs/16-real-traces.md
 */
export const choiceTrace = (completion: string, options: number): ChoiceTrace => {
  const set = `[${labelsOf(options).join("")}]`
  const begun = NEXT_QUESTION.exec(completion)
  const own = begun === null ? completion : completion.slice(0, begun.index)
  const letter = `\\(?(${set})\\)?(?![A-Za-z'’])`
  const stated = lastInFirstLine(own, new RegExp(`answer is:?\\s*[*\`]*${letter}`, "g"))
  const labelled = stated ?? lastInFirstLine(own, new RegExp(`answer:\\**\\s*[*\`]*${letter}`, "gi"))
  const found = labelled ?? concluded(own, set)
  if (found === undefined) {
    const text = own.trim()
    const cutOff = begun === null && !/[.!?)\]}$"'*]$/.test(text)
    return { text, trace: text, answer: undefined, rule: "none", ranOn: begun !== null, cutOff }
  }
  const rest = completion.slice(found.end)
  return {
    text: completion.slice(0, found.end).trim(),
    trace: withoutStatement(completion.slice(0, found.end), found.start),
    answer: found.answer,
    rule: stated !== undefined ? "stated" : labelled !== undefined ? "labelled" : "concluded",
    ranOn: rest.trim() !== "",
    cutOff: false
  }
}

const concluded = (text: string, set: string): Found | undefined => {
  const trimmed = text.trimEnd()
  const from = Math.max(trimmed.lastIndexOf("\n") + 1, trimmed.length - CONCLUSION)
  const line = trimmed.slice(from)
  if (!/\b(?:answer|option|choice|correct)\b/i.test(line) || !/[.)*$]$/.test(line)) return undefined
  const last = [...line.matchAll(new RegExp(`\\((${set})\\)|\\b[Oo]ption (${set})\\b`, "g"))].at(-1)
  return last === undefined
    ? undefined
    : { answer: (last[1] ?? last[2])!, start: from + last.index, end: trimmed.length }
}

/** Drops the sentence that states the answer from the end of a trace. */
const withoutStatement = (text: string, at: number): string => {
  const sentence = Math.max(text.lastIndexOf(". ", at) + 1, text.lastIndexOf("\n", at) + 1, 0)
  return text.slice(0, sentence).trim()
}
