import { Result } from "effect"
import { type Demonstration, Outcomes, type Problem } from "../data/index.ts"
import { Rng } from "../tensor/index.ts"
import { AnswerChecks, StepRules, ThinkAnswer, type Tokenizer, wordLevel } from "../text/index.ts"
import {
  type ArithmeticDifficulty,
  type Chain,
  type ChainStep,
  chainKey,
  drawChain,
  parseChain,
  promptWords,
  solve,
  tell
} from "./arithmeticProblem.ts"
import type { Split, StepVerdict, Task } from "./Task.ts"

/** A generated task. Equal options give equal tasks. */
export interface ArithmeticOptions {
  readonly seed: number
  /** Problems with a demonstration. Default 1000. */
  readonly train?: number
  /** Training problems without one, for a policy to practise on. Default 0. */
  readonly unlabelled?: number
  /** Default 200. */
  readonly validation?: number
  /** Default 200. */
  readonly test?: number
  readonly difficulty?: ArithmeticDifficulty
  /** Whether each step opens with a word that says nothing about its correctness. Default true. */
  readonly style?: boolean
  /** Probability that a + or * is written with its operands swapped. Default 0. */
  readonly swapped?: number
}

/**
 * Chains of four sums and differences. With 1000 demonstrations a decoder of 0.1 M parameters learns about half of
 * them, and one of eight samples is right for nine of ten: room for a reward to choose and to teach.
 */
export const standardDifficulty: ArithmeticDifficulty = {
  steps: 4,
  start: [10, 50],
  operand: [2, 20],
  largest: 79,
  operators: ["+", "-"]
}

const leads = ["so", "thus", "next", "hence"]
const leadWeights = [0.5, 0.25, 0.15, 0.1]

const written = ({ left, operator, operand, result }: ChainStep, swap = false): string =>
  swap ? `${operand} ${operator} ${left} = ${result}` : `${left} ${operator} ${operand} = ${result}`

const commutes = (step: ChainStep): boolean => step.operator !== "-"

/** The tokenizer of every arithmetic task: one token a word, sign and digit. */
export const arithmeticTokenizer = (): Tokenizer =>
  Result.getOrThrow(
    wordLevel({
      markers: ThinkAnswer.allTags,
      marks: ["\n", ".", "?"],
      operators: ["+", "-", "*", "="],
      words: [...promptWords, ...leads]
    })
  )

/** The expert's completion: an equation a line, then the answer. */
const expertCompletion = (chain: Chain, rng: Rng.Rng, options: ArithmeticOptions): string => {
  const { style = true, swapped = 0 } = options
  const steps = solve(chain)
  const lines = steps.map((step) => {
    const lead = style ? `${leads[Rng.weighted(rng, leadWeights)]} ` : ""
    return lead + written(step, commutes(step) && Rng.uniform(rng) < swapped)
  })
  return ThinkAnswer.render(lines.join("\n"), String(steps.at(-1)?.result ?? chain.start))
}

/** Lines of the trace that end in a newline and show something, as units of `StepRules.lines`; the rest is the last step. */
const stepsOf = (completion: string): StepVerdict["steps"] => {
  const close = completion.indexOf(ThinkAnswer.tags.closeThink)
  const trace = close < 0 ? completion : completion.slice(0, close)
  const steps: Array<{ start: number; end: number }> = []
  let start = 0
  let line = 0
  for (let end = trace.indexOf("\n"); end >= 0; end = trace.indexOf("\n", line)) {
    const shown = trace.slice(line, end).replace(/<[^<>\n]+>/g, "")
    line = end + 1
    if (shown.trim() === "") continue
    steps.push({ start, end: line })
    start = line
  }
  if (start < completion.length || steps.length === 0) steps.push({ start, end: completion.length })
  return steps
}

const LEAD = new RegExp(`^(?:${leads.join("|")}) `)

/**
 * The first line that is not the equation due (its operands may be swapped where that changes nothing, a lead word may
 * stand before it); the last step, from the closing think tag on, is wrong when a line is missing or the answer is.
 */
const checkSteps = (problem: Problem, completion: string): StepVerdict => {
  const steps = stepsOf(completion)
  const chain = parseChain(problem)
  if (chain === undefined || !completion.startsWith(`${ThinkAnswer.tags.openThink}\n`))
    return { firstWrongStep: 0, steps }
  const due = solve(chain)
  const last = steps.length - 1
  const lines = steps.slice(0, completion.includes(ThinkAnswer.tags.closeThink) ? last : last + 1)
  for (const [k, { start, end }] of lines.entries()) {
    const line = completion.slice(start, end).replace(ThinkAnswer.tags.openThink, "").trim().replace(LEAD, "")
    const step = due[k]
    const right = step !== undefined && (line === written(step) || (commutes(step) && line === written(step, true)))
    if (!right) return { firstWrongStep: k, steps }
  }
  const complete = lines.length === due.length && lines.length === last && ThinkAnswer.isStrict(completion)
  const answer = ThinkAnswer.answer(completion)
  const right = complete && answer._tag === "Found" && answer.text === String(due.at(-1)?.result ?? chain.start)
  return { firstWrongStep: right ? undefined : last, steps }
}

const finalAnswer = (_problem: Problem, completion: string): string | undefined => {
  const block = ThinkAnswer.answer(completion)
  return block._tag === "Found" ? block.text : undefined
}

/**
 * Word problems that are chains of small sums, solved by an expert one equation a line:
 *
 *     Ann has 36 cards. loses 14. gets 3. ... how many?
 *     <think>
 *     so 36 - 14 = 22
 *     thus 22 + 3 = 25
 *     ...
 *     </think>
 *     <answer>
 *     25
 *     </answer>
 *
 * No two problems have the same numbers and operations, within and across splits. The test split depends on the seed
 * and its own size alone, so it stays the same while others grow. Every step is checked exactly.
 *
 * @see specs/15-arithmetic.md
 */
export const arithmetic = (options: ArithmeticOptions): Task => {
  const { seed, train = 1000, unlabelled = 0, validation = 200, test = 200 } = options
  const difficulty = options.difficulty ?? standardDifficulty
  const seen = new Set<string>()
  const draw = (split: string, count: number, demonstrated: number): Split => {
    const problems: Array<Problem> = []
    const demonstrations: Array<Demonstration> = []
    const rng = Rng.make(seed, "arithmetic", split)
    for (let misses = 0; problems.length < count; ) {
      const chain = drawChain(rng, difficulty)
      if (seen.has(chainKey(chain))) {
        if (++misses > 100 * count)
          throw new RangeError(
            `Fewer than ${seen.size + count} different problems: ease the difficulty or ask for fewer.`
          )
        continue
      }
      seen.add(chainKey(chain))
      const answer = String(solve(chain).at(-1)?.result ?? chain.start)
      const problem = { id: `${split}-${problems.length}`, prompt: tell(chain, rng), finalAnswer: answer }
      const completion = expertCompletion(chain, rng, options)
      if (problems.length < demonstrated)
        demonstrations.push({ problem, completion, finalAnswer: answer, source: "solver" })
      problems.push(problem)
    }
    return { problems, demonstrations }
  }
  const splits = {
    test: draw("test", test, test),
    validation: draw("validation", validation, validation),
    train: draw("train", train + unlabelled, train)
  }
  return {
    name: "arithmetic",
    splits,
    tokenizer: arithmeticTokenizer(),
    stepRule: StepRules.lines,
    renderPrompt: ({ prompt }) => (typeof prompt === "string" ? prompt : prompt.map((m) => m.content).join("\n")),
    finalAnswer,
    checkAnswer: (problem, completion) =>
      problem.finalAnswer === undefined
        ? Outcomes.skipped("no gold answer")
        : AnswerChecks.number.check(
            AnswerChecks.gold(problem.finalAnswer),
            AnswerChecks.prediction(finalAnswer(problem, completion))
          ),
    checkSteps
  }
}
