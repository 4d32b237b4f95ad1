import { type Demonstration, Outcomes } from "../../core/data/index.ts"
import type { Perturb, PromptItem } from "../../core/learner/index.ts"
import { type Perturbation, Perturbations } from "../../core/reward/index.ts"
import type { Task } from "../../core/task/index.ts"
import { Rng } from "../../core/tensor/index.ts"
import { type Tokenizer, UnknownText } from "../../core/text/index.ts"

/** Whether a completion gives the right answer to its item; an item without a gold answer has none. */
export const isRight =
  ({ checkAnswer, tokenizer }: Pick<Task, "checkAnswer" | "tokenizer">) =>
  ({ problem }: PromptItem, completion: ReadonlyArray<number>): boolean =>
    problem !== undefined && Outcomes.isCorrect(checkAnswer(problem, tokenizer.decode(completion))) === true

/** Whether a tokenizer has the words of a text: a closed vocabulary may lack what a perturbation writes. */
export const spells =
  ({ encode }: Pick<Tokenizer, "encode">) =>
  (text: string): boolean => {
    try {
      encode(text)
      return true
    } catch (error) {
      if (error instanceof UnknownText) return false
      throw error
    }
  }

/** Perturbed versions of some demonstrations, as token ids with the end token. */
export const perturbed =
  (
    { tokenizer }: Pick<Task, "tokenizer">,
    demonstrations: ReadonlyArray<Demonstration>,
    perturbation: Perturbation
  ): Perturb =>
  (rng, index) => {
    const changed = Perturbations.perturb(perturbation, demonstrations[index]!.completion, Rng.seed(rng), {
      accept: spells(tokenizer)
    })
    return changed._tag === "Unchanged" ? undefined : [...tokenizer.encode(changed.text), tokenizer.eosId]
  }
