import { Effect } from "effect"
import type { ResultRow } from "../../core/data/index.ts"
import { type Params, type RewardModel, Units } from "../../core/learner/index.ts"
import type { StepVerdict } from "../../core/task/index.ts"
import { Rng } from "../../core/tensor/index.ts"
import { offsets, pieces, tokensOf } from "../../core/text/index.ts"
import {
  chooseReading,
  generate,
  type PerturbedTrace,
  type Reading,
  scoreRows,
  storedRows,
  type TrainedReward,
  tokenLogits
} from "../evaluate/index.ts"
import type { Session } from "../run/index.ts"
import type { Recipe } from "./Recipe.ts"
import { type NamedGranularity, type Prepared, perturbing } from "./stages.ts"

/** A reward with the way in which its units are read. */
export interface ReadReward {
  readonly reward: TrainedReward
  readonly reading: Reading
}

/** A critic that is saved: its parameters, and what rows that it scores say of it. */
export interface SavedCriticParams {
  readonly params: Params
  readonly saved: NonNullable<TrainedReward["saved"]>
}

/** The token ids of the prompt of a row. */
const promptIdsOf = ({ task }: Prepared) => {
  const { train, validation, test } = task.splits
  const problems = new Map([...train.problems, ...validation.problems, ...test.problems].map((p) => [p.id, p]))
  return (row: ResultRow): ReadonlyArray<number> => {
    const problem = row.prompt_id === undefined ? undefined : problems.get(row.prompt_id)
    return problem === undefined ? [] : task.tokenizer.encode(task.renderPrompt(problem))
  }
}

/** The exact verdict on the steps of a row, where the task has one. */
export const verdictOf = ({ task }: Prepared) => {
  const problems = new Map(task.splits.test.problems.map((p) => [p.id, p]))
  return (row: ResultRow): StepVerdict | undefined => {
    const problem = row.prompt_id === undefined ? undefined : problems.get(row.prompt_id)
    return problem === undefined ? undefined : task.checkSteps?.(problem, row.generation.content)
  }
}

/** A policy that is saved: its parameters, and what rows that it draws say of it. */
export interface SavedPolicy {
  readonly params: Params
  readonly saved: Pick<ResultRow, "checkpoint_id" | "checkpoint_weights">
}

/** Completions of the test problems by a policy, once in a run. */
export const testRows = (prepared: Prepared<Recipe>, session: Session, name: string, { params, saved }: SavedPolicy) =>
  storedRows(
    session.directory,
    `eval/${name}.jsonl`,
    Effect.andThen(
      session.note(`  sampling test completions: ${name}`),
      Effect.map(
        generate({
          task: prepared.task,
          problems: prepared.task.splits.test.problems,
          config: prepared.config,
          params,
          generations: prepared.recipe.evaluation.generations,
          sampling: { ...prepared.sampling, temperature: prepared.recipe.evaluation.temperature },
          seed: prepared.seed
        }),
        (rows) => rows.map((row) => ({ ...row, ...saved }))
      )
    )
  )

/** The rows with a reward's scores, once in a run. */
export const scoredRows = (
  prepared: Prepared,
  session: Session,
  name: string,
  reward: TrainedReward,
  rows: ReadonlyArray<ResultRow>
) => storedRows(session.directory, `eval/${name}.jsonl`, scoreRows(reward, rows, promptIdsOf(prepared)))

/** Steps of a completion as token ranges; without a step check, the units of the task's step rule. */
const stepSpans = (prepared: Prepared, completion: ReadonlyArray<number>, steps: StepVerdict["steps"] | undefined) => {
  const { tokenizer } = prepared.task
  const shown = pieces(tokenizer, completion)
  if (steps === undefined) return [{ start: 0, end: completion.length }]
  const bounds = offsets(shown)
  return steps.map((span, s) => {
    const { start, end } = tokensOf(bounds, span)
    return { start, end: s === steps.length - 1 ? completion.length : end }
  })
}

/**
 * A trained critic, and how to read it: chosen on perturbed validation demonstrations, where the wrong step is known
 * because it was made wrong.
 */
export const readReward = Effect.fnUntraced(function* (
  prepared: Prepared<Recipe>,
  model: RewardModel,
  { params, saved }: SavedCriticParams,
  { granularity, key }: NamedGranularity
) {
  const { task, seed } = prepared
  const partition = Units.partitioner(granularity, task.tokenizer)
  const reward: TrainedReward = {
    model,
    params,
    partition,
    kind: `${granularity.name}, ${prepared.recipe.critic.objective.name}`,
    saved
  }
  const perturb = perturbing(prepared, "validation")
  const pairs = prepared.validation.flatMap((demonstration, i) => {
    const completion = perturb(Rng.make(seed, "reading", key, i), i)
    const first = completion && Units.firstChanged(demonstration.completion, completion)
    if (completion === undefined || first === undefined) return []
    const { problem } = task.splits.validation.demonstrations[i]!
    const text = task.tokenizer.decode(completion)
    const spans = stepSpans(prepared, completion, task.checkSteps?.(problem, text).steps)
    return [{ demonstration, perturbed: { prompt: demonstration.prompt, completion }, first, spans }]
  })
  const logits = yield* tokenLogits(
    reward,
    pairs.flatMap(({ demonstration, perturbed }) => [demonstration, perturbed])
  )
  const traces = pairs.map(({ demonstration, perturbed, first, spans }, i): PerturbedTrace => {
    const clean = Units.atUnits(partition(demonstration.completion), logits[2 * i]!)
    const wrong = Units.atUnits(partition(perturbed.completion), logits[2 * i + 1]!)
    const tokens = Array.from(Units.overTokens(wrong))
    return {
      demonstration: clean.units,
      perturbed: wrong.units,
      steps: spans.map(({ start, end }) => tokens.slice(start, end)),
      changedStep: Math.max(
        0,
        spans.findIndex(({ start, end }) => first >= start && first < end)
      )
    }
  })
  return { reward, reading: chooseReading(traces), traces }
})
