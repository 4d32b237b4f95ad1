import { type Learner, Reward, Task, type Text } from "rewardflow"
import type { Settings } from "./settings.ts"

const { Perturbations } = Reward
const { Tasks } = Task

/** A problem with a right trace of it and a wrong one, and where that first goes wrong. */
export interface Pair {
  readonly right: Learner.Sequence.Sequence
  readonly wrong: Learner.Sequence.Sequence
  readonly wrongText: string
  readonly verdict: Task.StepVerdict
}

/** The made-up problems of a lesson, as token ids. */
export interface MadeUp {
  readonly task: Task.Task
  readonly demonstrations: ReadonlyArray<Learner.Sequence.Sequence>
  readonly validation: ReadonlyArray<Learner.Sequence.Sequence>
  /** A wrong version of the i-th demonstration. */
  readonly perturb: (seed: number, i: number) => ReadonlyArray<number> | undefined
  readonly heldOut: ReadonlyArray<Pair>
}

/** Half of the errors are followed up by the lines after them, half are not. */
const perturbation = Reward.arithmeticPerturbation(0.5)

/** A trace's text as token ids, its end included. @throws UnknownText where the vocabulary cannot spell it */
export const encode = (tokenizer: Text.Tokenizer, text: string): ReadonlyArray<number> => [
  ...tokenizer.encode(text),
  tokenizer.eosId
]

/** Problems, expert traces and wrong versions of them. Equal seeds make equal ones. */
export const madeUp = (settings: Settings, seed: number): MadeUp => {
  const { difficulty, problems, heldOut } = settings
  // The expert always shows its work: a line an operation.
  const task = Task.arithmetic({ seed, difficulty, train: problems, validation: heldOut, test: heldOut, shortcut: 0 })
  const { train, validation, test } = task.splits
  const wrongOf = (completion: string, stream: number | string): string | undefined => {
    const changed = Perturbations.perturb(perturbation, completion, stream)
    return changed._tag === "Unchanged" ? undefined : changed.text
  }
  return {
    task,
    demonstrations: train.demonstrations.map((one) => Tasks.encodeDemonstration(task, one)),
    validation: validation.demonstrations.map((one) => Tasks.encodeDemonstration(task, one)),
    perturb: (stream, i) => {
      const text = wrongOf(train.demonstrations[i]!.completion, stream)
      return text === undefined ? undefined : encode(task.tokenizer, text)
    },
    heldOut: test.demonstrations.flatMap((demonstration, i): ReadonlyArray<Pair> => {
      const wrongText = wrongOf(demonstration.completion, `${seed}/held-out/${i}`)
      const verdict = wrongText && task.checkSteps?.(demonstration.problem, wrongText)
      if (wrongText === undefined || !verdict || verdict.firstWrongStep === undefined) return []
      const right = Tasks.encodeDemonstration(task, demonstration)
      return [
        { right, wrong: { prompt: right.prompt, completion: encode(task.tokenizer, wrongText) }, wrongText, verdict }
      ]
    })
  }
}
