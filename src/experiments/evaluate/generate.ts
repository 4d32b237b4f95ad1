import { Effect } from "effect"
import { Outcomes, type Problem, Problems, type ResultRow, schemaVersion } from "../../core/data/index.ts"
import type { Params } from "../../core/learner/index.ts"
import type { ModelConfig } from "../../core/model/index.ts"
import { residentParams } from "../../core/optim/index.ts"
import { Sampling } from "../../core/sampling/index.ts"
import { Backend, type Compile, type Memory, type Sampled, type SamplingOptions } from "../../core/service/index.ts"
import type { Task } from "../../core/task/index.ts"
import { Rng } from "../../core/tensor/index.ts"
import { offsets, pieces } from "../../core/text/index.ts"

/** A memory that holds a model, and how programs that read it are compiled. */
export interface Reads {
  readonly memory: Memory
  readonly compile: Compile
}

export interface GenerateOptions {
  readonly task: Task
  readonly problems: ReadonlyArray<Problem>
  readonly config: ModelConfig
  readonly params: Params
  /** Where the model lies already and how it is read; in a memory of its own by default, which `params` fill. */
  readonly reads?: Reads
  /** Completions of each problem, G. */
  readonly generations: number
  readonly sampling: SamplingOptions
  /** Names the streams; methods that share it draw from the same uniforms. */
  readonly seed: number
}

/** A drawn completion with its verdict, as a row of the results file. */
export const resultRow = (
  task: Task,
  problem: Problem,
  generationIdx: number,
  { completion, rawLogProbs, finishReason }: Pick<Sampled, "completion" | "rawLogProbs" | "finishReason">
): ResultRow => {
  const { tokenizer } = task
  // A model may stop at any of several tokens.
  const ends = finishReason === "stop"
  const shown = pieces(tokenizer, ends ? completion.slice(0, -1) : completion)
  const content = shown.join("")
  const outcome = task.checkAnswer(problem, content)
  const verdict = Outcomes.isCorrect(outcome)
  const starts = Array.from(offsets(shown))
  return {
    prompt: [...Problems.messages(problem)],
    generation: { content },
    generation_idx: generationIdx,
    policy_log_probs: [...rawLogProbs],
    correctness_reward_func: verdict === undefined ? null : verdict ? 2 : 0,
    prompt_id: problem.id,
    gold_answer: problem.finalAnswer ?? null,
    extracted_answer: task.finalAnswer(problem, content) ?? null,
    correctness_outcome: Outcomes.describe(outcome),
    finish_reason: finishReason,
    token_ids: [...completion],
    token_offsets: ends ? starts : starts.slice(0, -1),
    ...(problem.category === undefined ? {} : { category: problem.category }),
    schema_version: schemaVersion
  }
}

/** Parameters in a memory of their own, compiled in, since nothing changes them. */
const ownMemory = Effect.fnUntraced(function* (params: Params) {
  const backend = yield* Backend
  const memory = yield* backend.memory
  yield* memory.write(residentParams(params))
  return { memory, frozen: true } as const
})

/** G completions of each problem under the parameters, with their verdicts. */
export const generate = (options: GenerateOptions) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { task, problems, config, params, generations, sampling, seed } = options
      const prompts = problems.map((problem) => task.tokenizer.encode(task.renderPrompt(problem)))
      const longest = prompts.reduce((n, prompt) => Math.max(n, prompt.length), 0)
      const sampler = yield* Sampling.make({
        config,
        ...(options.reads ?? (yield* ownMemory(params))),
        contextLength: Math.min(config.max_position_embeddings, longest + sampling.maxTokens),
        vocabulary: task.tokenizer.vocabSize,
        batchSize: 128
      })
      const requests = prompts.flatMap((prompt, b) =>
        Array.from({ length: generations }, (_, g) => ({
          prompt,
          seed: Rng.seed(Rng.make(seed, "evaluation", problems[b]!.id, g))
        }))
      )
      const drawn = yield* sampler.sample(requests, sampling)
      return drawn.map((one, i) => resultRow(task, problems[Math.floor(i / generations)]!, i % generations, one))
    })
  )
