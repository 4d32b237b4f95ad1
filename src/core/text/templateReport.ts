import type { Message } from "../data/index.ts"
import type { ChatTemplate } from "./ChatTemplate.ts"
import { BadTemplate } from "./errors.ts"

/** A conversation of which a template does not simply continue what it wrote before. */
export interface Departure {
  readonly of: string
  /** What would have continued the prompt, from where the template departs. */
  readonly expected: string
  /** What the template writes there. */
  readonly found: string
}

/** How a template treats conversations, tried on a few. */
export interface TemplateReport {
  /** What becomes of a system message. Where it is not kept, put it into the user's turn: `withoutSystem`. */
  readonly system: "kept" | "dropped" | "refused"
  /** Empty for a template that is prefix-preserving on all of them. */
  readonly departures: ReadonlyArray<Departure>
}

const user = (content: string): Message => ({ role: "user", content })
const assistant = (content: string): Message => ({ role: "assistant", content })
const question = user("What is 2 + 2?")
const thought = "<think>\n2 + 2 = 4\n</think>\n\nIt is 4."

const answers = {
  "an answer": "It is 4.",
  "an answer with white space around it": "  It is 4. \n",
  "an answer that reasons": thought
}
const earlier = { "an earlier answer": "It is 4.", "an earlier answer that reasons": thought }

const excerpt = (text: string, at: number): string => text.slice(at, at + 40)

const compare = (of: string, prefix: string, whole: string): ReadonlyArray<Departure> => {
  if (whole.startsWith(prefix)) return []
  let at = 0
  while (prefix[at] === whole[at]) at++
  return [{ of, expected: excerpt(prefix, at), found: excerpt(whole, at) }]
}

const systemOf = ({ render }: ChatTemplate): TemplateReport["system"] => {
  const said = "Be brief, Xq7."
  try {
    return render([{ role: "system", content: said }, question]).includes(said) ? "kept" : "dropped"
  } catch (error) {
    if (error instanceof BadTemplate && error.kind === "refused") return "refused"
    throw error
  }
}

/**
 * Whether completions continue their prompts, and turns stay as they were written: what a model is shown in training
 * is then what it saw and said when it was sampled. Keep the ids of a rollout wherever this reports a departure.
 *
 * @throws BadTemplate where not even a question and its answer can be rendered
 */
export const templateReport = (template: ChatTemplate): TemplateReport => {
  const finished = (messages: ReadonlyArray<Message>) => template.render(messages, { generationPrompt: false })
  const prompt = template.render([question])
  return {
    system: systemOf(template),
    departures: [
      ...Object.entries(answers).flatMap(([of, answer]) =>
        compare(of, prompt + answer, finished([question, assistant(answer)]))
      ),
      ...Object.entries(earlier).flatMap(([of, answer]) => {
        const before = [question, assistant(answer)]
        return compare(of, finished(before), finished([...before, user("And 3 + 3?")]))
      })
    ]
  }
}
