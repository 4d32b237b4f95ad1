import { Result } from "effect"
import { type Demonstration, Outcomes, type Problem } from "../data/index.ts"
import { Rng } from "../tensor/index.ts"
import { AnswerChecks, StepRules, ThinkAnswer, type Tokenizer, wordLevel } from "../text/index.ts"
import { type ArithmeticDifficulty, chainKey, drawChain, promptWords, solve, tell } from "./arithmeticProblem.ts"
import { checkSteps, connectors, expertCompletion } from "./arithmeticTrace.ts"
import type { Split, Task } from "./Task.ts"

/** A generated task. Equal options give equal tasks. */
export interface ArithmeticOptions {
  readonly seed: number
  /** Problems with a demonstration. Default 1500. */
  readonly train?: number
  /** Training problems without one, for a policy to practise on. Default 0. */
  readonly unlabelled?: number
  /** Default 200. */
  readonly validation?: number
  /** Default 200. */
  readonly test?: number
  readonly difficulty?: ArithmeticDifficulty
  /** Probability that the expert writes all operations of a problem in one line. Default 0.4. */
  readonly shortcut?: number
  /** Whether lines open with words, and name the item, that say nothing about their correctness. Default true. */
  readonly style?: boolean
}

/**
 * Chains of three sums and differences up to 20. After 1500 demonstrations a decoder of 0.11 M parameters is right
 * about .47 of the time, and one of eight samples for .95 of the problems: about .70 where it writes an operation a
 * line, .13 where it takes the shortcut (one seed, measured in PyTorch). What a reward can teach is to show the work.
 */
export const standardDifficulty: ArithmeticDifficulty = {
  steps: 3,
  start: [2, 15],
  operand: [1, 9],
  largest: 20,
  operators: ["+", "-"]
}

/** The tokenizer of every arithmetic task: one token a word, sign and digit. */
export const arithmeticTokenizer = (): Tokenizer =>
  Result.getOrThrow(
    wordLevel({
      markers: ThinkAnswer.allTags,
      marks: ["\n", ".", "?"],
      operators: ["+", "-", "="],
      words: [...promptWords, ...connectors]
    })
  )

const finalAnswer = (_problem: Problem, completion: string): string | undefined => {
  const block = ThinkAnswer.answer(completion)
  return block._tag === "Found" ? block.text : undefined
}

/**
 * Word problems that are chains of small sums, solved by an expert an operation a line or, in some traces, in one:
 *
 *     Ann has 12 apples. loses 4. finds 9. finds 3. how many?
 *     <think>                                      <think>
 *     so 12 - 4 = 8.                               then 12 - 4 + 9 + 3 = 20 apples.
 *     8 + 9 = 17 apples.                           </think>
 *     now 17 + 3 = 20.                             <answer>
 *     </think>                                     20
 *     <answer>                                     </answer>
 *     20
 *     </answer>
 *
 * The expert is right either way; a small policy that imitates it is so far more often step by step. No two problems
 * have the same numbers and operations, within and across splits. The test split depends on the seed and its own size
 * alone, so it stays the same while others grow. Every step is checked exactly.
 *
 * @see specs/15-arithmetic.md
 */
export const arithmetic = (options: ArithmeticOptions): Task => {
  const { seed, train = 1500, unlabelled = 0, validation = 200, test = 200, shortcut = 0.4, style = true } = options
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
      const answer = String(solve(chain))
      const problem = { id: `${split}-${problems.length}`, prompt: tell(chain, rng), finalAnswer: answer }
      const completion = expertCompletion(chain, rng, { shortcut, style })
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
