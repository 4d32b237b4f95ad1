import type { Problem } from "../../core/data/index.ts"
import type { PromptItem, Sequence } from "../../core/learner/index.ts"
import { type Task, Tasks } from "../../core/task/index.ts"

/** A task as token ids. */
export interface EncodedTask {
  /** Demonstrations, the end token supervised. */
  readonly train: ReadonlyArray<Sequence.Sequence>
  readonly validation: ReadonlyArray<Sequence.Sequence>
  /** What the policy practises on: the demonstrations' prompts, then the unlabelled ones. */
  readonly items: ReadonlyArray<PromptItem>
  /** Over all splits, in tokens. */
  readonly longestPrompt: number
}

/** The number of ids in the longest list. */
export const longest = (lists: ReadonlyArray<ReadonlyArray<number>>): number =>
  lists.reduce((n, ids) => Math.max(n, ids.length), 0)

/** Encodes a task, each prompt as its tokenizer writes it. @throws UnknownText where the vocabulary cannot spell a text */
export const encodeTask = (task: Task): EncodedTask => {
  const { train, validation, test } = task.splits
  const encode = (problem: Problem) => task.tokenizer.encode(task.renderPrompt(problem))
  const demonstrated = new Set(train.demonstrations.map(({ problem }) => problem.id))
  const sequences = train.demonstrations.map((d) => Tasks.encodeDemonstration(task, d))
  const held = validation.demonstrations.map((d) => Tasks.encodeDemonstration(task, d))
  const asked = sequences.map(
    ({ prompt }, i): PromptItem => ({ prompt, demonstration: i, problem: train.demonstrations[i]!.problem })
  )
  const others = train.problems.flatMap(
    (problem): ReadonlyArray<PromptItem> => (demonstrated.has(problem.id) ? [] : [{ prompt: encode(problem), problem }])
  )
  const items = [...asked, ...others]
  const prompts = [items, held].flat().map(({ prompt }) => prompt)
  return {
    train: sequences,
    validation: held,
    items,
    longestPrompt: longest([...prompts, ...validation.problems.map(encode), ...test.problems.map(encode)])
  }
}
