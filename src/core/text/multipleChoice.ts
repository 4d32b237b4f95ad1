import { type Outcome, Outcomes } from "../data/index.ts"
import { type AnswerCheck, answerCheck } from "./AnswerCheck.ts"

/** An answer to a multiple-choice question as it is written: a letter, a text, or both. */
export interface ChoiceAnswer {
  readonly label?: string
  readonly text?: string
}

/** Letters of so many options: A, B, C, ... */
export const labelsOf = (options: number): ReadonlyArray<string> =>
  Array.from({ length: options }, (_, i) => String.fromCharCode(65 + i))

const normalised = (text: string): string =>
  text
    .toLowerCase()
    .replace(/\s+/g, " ")
    .replace(/^[\s"'`]+|[\s"'`.]+$/g, "")

/**
 * Reads the labels that open a line: "C", "(C)", "C. text", "C) text", "C: text", "C - text", also after "the answer
 * is" or "option". A letter elsewhere is no label: "Vitamin C." and "B. Folic acid vs. C. difficile" name one at most.
 */
export const readChoice = (answer: string, labels: ReadonlyArray<string>): ReadonlyArray<ChoiceAnswer> => {
  const set = `[${labels.join("")}]`
  const lead = "(?:(?:the )?(?:correct |final |best )?(?:answer|option|choice)(?: is)?:? +)?"
  const labelled = new RegExp(
    `^[\\s*_]*(?:${lead})[*_]*(?:\\((${set})\\)|(${set})(?=[*_]*(?:[.):]|\\s+-\\s|\\s*$)))[*_.):\\s-]*(.*)$`,
    "i"
  )
  const lines = answer.split("\n").filter((line) => line.trim() !== "")
  return lines.map((line): ChoiceAnswer => {
    const match = labelled.exec(line)
    const letter = match?.[1] ?? match?.[2]
    if (match === null || letter === undefined) return { text: line.trim() }
    // A small letter is a label only as "c.", "c)" or "(c)" before a space: "a - b" and "i.e." are text.
    if (letter !== letter.toUpperCase() && !/^\W*[a-z][.)](?:\s|$)/.test(line)) return { text: line.trim() }
    const text = (match[3] ?? "").trim()
    return text === "" ? { label: letter.toUpperCase() } : { label: letter.toUpperCase(), text }
  })
}

/** Merges the lines of an answer: its one label, and the text beside it. */
const merged = (lines: ReadonlyArray<ChoiceAnswer>): ChoiceAnswer | "several labels" => {
  const labels = new Set(lines.flatMap((l) => (l.label === undefined ? [] : [l.label])))
  if (labels.size > 1) return "several labels"
  const text = lines.flatMap((l) => (l.text === undefined ? [] : [l.text])).join(" ")
  const [label] = labels
  return { ...(label === undefined ? {} : { label }), ...(text === "" ? {} : { text }) }
}

/**
 * The check for a question with these options (their texts, in the order of their letters; [] where they are unknown,
 * and then up to `labelCount` letters count).
 *
 * Both labelled: the labels decide. Otherwise a bare label stands for its option's text, and texts are compared without
 * case, outer quotes and final dots. An answer with several different labels is wrong.
 */
export const multipleChoice = (
  options: ReadonlyArray<string> = [],
  labelCount = options.length === 0 ? 10 : options.length
): AnswerCheck => {
  const labels = labelsOf(labelCount)
  const textOf = ({ label, text }: ChoiceAnswer): string | undefined =>
    text ?? (label === undefined ? undefined : options[labels.indexOf(label)])
  // An option may itself look labelled ("E. coli"), so a whole answer that is an option's text is that option.
  const read = (answer: string): ChoiceAnswer | "several labels" => {
    const i = options.findIndex((o) => normalised(o) === normalised(answer))
    const isLabel = labels.includes(answer.trim())
    return i >= 0 && !isLabel ? { label: labels[i]!, text: options[i]! } : merged(readChoice(answer, labels))
  }
  return answerCheck("multiple choice", (g, p): Outcome => {
    const golden = read(g)
    if (golden === "several labels") return Outcomes.unverifiable("the gold answer names several labels")
    const predicted = read(p)
    if (predicted === "several labels") return Outcomes.scored(0, "the prediction names several labels")
    if (golden.label !== undefined && predicted.label !== undefined)
      return Outcomes.scored(golden.label === predicted.label ? 1 : 0, "compared by label")
    const texts = [textOf(golden), textOf(predicted)]
    if (texts[0] === undefined)
      return Outcomes.unverifiable(`the gold answer ${JSON.stringify(g)} has a label only, and the options are unknown`)
    if (texts[1] === undefined)
      return Outcomes.unverifiable("the prediction has a label, the gold answer has none, and the options are unknown")
    return Outcomes.scored(normalised(texts[0]) === normalised(texts[1]) ? 1 : 0, "compared by text")
  })
}
