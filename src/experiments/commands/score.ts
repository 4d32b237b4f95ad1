import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { type RewardFlags, rewardFlags } from "./rewardFlags.ts"
import { maybe, runFlags, toggle, wholeNumber } from "./runFlags.ts"
import type { Source } from "./Source.ts"
import { UsageError } from "./usage.ts"

/** What `rewardflow score` was asked for. */
export interface ScoreOptions extends RewardFlags {
  /** Result rows whose traces are scored. */
  readonly file: string
  readonly mode: "reward" | "policy"
  /** A model's folder, a run's directory, or a repository of the hub. */
  readonly model: string
  readonly output: string
  readonly label: string | undefined
  /** Tokens whose logits are held at once. */
  readonly logitChunk: number | undefined
  readonly backend: string
  readonly threads: number | undefined
  readonly overwrite: boolean
  readonly json: boolean
}

const { backend, threads, json } = runFlags

/** `rewardflow score FILE --mode reward|policy --model NAME` */
export const scoreCommand = (source: Source<ScoreOptions>) =>
  Command.make(
    "score",
    {
      file: Argument.File("file", { mustExist: true }).pipe(Argument.withDescription("JSONL of result rows")),
      mode: Flag.Literals("mode", ["reward", "policy"]).pipe(Flag.withDescription("By which kind of model")),
      model: Flag.String("model").pipe(
        Flag.withMetavar("NAME"),
        Flag.withDescription("A run's directory, a model's folder, or ORGANISATION/NAME of the hub")
      ),
      output: maybe(Flag.String("output")).pipe(
        Flag.withMetavar("FILE"),
        Flag.withDescription("The scored rows, .jsonl; FILE.<mode>.jsonl by default")
      ),
      label: maybe(Flag.String("label")).pipe(Flag.withDescription("Goes into every row as score_label")),
      ...rewardFlags,
      logitChunk: maybe(wholeNumber("logit-chunk", 1)).pipe(
        Flag.withMetavar("N"),
        Flag.withDescription("Tokens whose logits a policy holds at once; results do not depend on it")
      ),
      backend,
      threads,
      overwrite: toggle("overwrite", "Replace the scores that lie there, in place of going on with them"),
      json
    },
    Effect.fnUntraced(function* ({ output, ...options }) {
      const place = output ?? `${options.file.replace(/\.jsonl(\.gz)?$/, "")}.${options.mode}.jsonl`
      if (!place.endsWith(".jsonl") || place === options.file)
        return yield* new UsageError({
          reason: `--output ${place}: give another name than the traces', ending in .jsonl.`
        })
      const handler = yield* Effect.promise(source)
      yield* handler({ ...options, output: place })
    })
  ).pipe(
    Command.withDescription("Scores the traces of a file by one model, whatever the file's size"),
    Command.withExamples([
      {
        command: "rewardflow score eval_results.jsonl --mode reward --model runs/tiny_airl",
        description: "Rewards of every row, and a summary beside them"
      }
    ])
  )
