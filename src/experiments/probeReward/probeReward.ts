import { Data, Effect, FileSystem, Stream } from "effect"
import { Selectors } from "../../core/evaluation/index.ts"
import { Censuses, type KeyedRow, ResultFile, Verdicts } from "../../core/result/index.ts"
import { runSuite } from "../../core/suite/index.ts"
import type { ProbeOptions } from "../commands/index.ts"
import { ResultsFailed, readReward } from "../evaluateRun/index.ts"
import { rewardScorer } from "./rewardScorer.ts"

/** A file without a completion that is known to be right. */
export class NothingToProbe extends Data.TaggedError("NothingToProbe")<{ readonly file: string }> {
  override get message(): string {
    return `${this.file} holds no completion with a right answer: changes that make a wrong trace worse say little. Give demonstrations, or more rows.`
  }
}

/** Runs the suite on a reward model, with the right completions of a file, the first of each prompt. */
export const probeReward = Effect.fnUntraced(function* (options: ProbeOptions) {
  const fs = yield* FileSystem.FileSystem
  const { file, output, traces: most } = options
  const { reader, description, notes } = yield* readReward(options.model, options)
  const whole = reader.model
  const { template } = whole.model
  const seen = new Set<string>()
  const isFirst = ({ prompt_id }: KeyedRow): boolean => !seen.has(prompt_id) && seen.add(prompt_id).size > 0
  const traces = yield* ResultFile.stream(file, Censuses.make()).pipe(
    Stream.filter((row) => Verdicts.stored(row) === true && isFirst(row)),
    Stream.map((row) => ({
      promptId: row.prompt_id,
      prompt: row.rendered_prompt ?? template.render(row.prompt),
      completion: row.generation.content
    })),
    Stream.take(most),
    Stream.runCollect
  )
  if (traces.length === 0) return yield* new NothingToProbe({ file })
  const scorer = rewardScorer(reader, Selectors.named(options.selector) ?? Selectors.mean)
  const told = { model: whole.folder, weights: whole.weights, reward: description, notes }
  const result = { ...told, file, ...(yield* runSuite({ scorer, traces, seed: options.seed })) }
  yield* fs
    .writeFileString(output, `${JSON.stringify(result, null, 2)}\n`)
    .pipe(Effect.mapError(({ message: reason }) => new ResultsFailed({ file: output, reason })))
  return result
})
