import { Effect } from "effect"
import { Command } from "effect/cli"
import type { DictNode, RunConfig } from "../../core/config/index.ts"
import { configFlags, configuredJobs } from "./configFlags.ts"
import { runFlags, toggle } from "./runFlags.ts"
import type { Source } from "./Source.ts"
import { UsageError } from "./usage.ts"

/** What `rewardflow evaluate` was asked for. */
export interface EvaluateOptions {
  readonly config: RunConfig
  /** The configuration with where each value came from. */
  readonly tree: DictNode
  readonly backend: string
  readonly threads: number | undefined
  readonly overwrite: boolean
  /** Whether to write the files of lm-evaluation-harness, too. */
  readonly harness: boolean
  readonly json: boolean
}

const { backend, threads, json } = runFlags

/** `rewardflow evaluate --config-name NAME model.name=RUN key=value ...` */
export const evaluateCommand = (source: Source<EvaluateOptions>) =>
  Command.make(
    "evaluate",
    {
      ...configFlags,
      backend,
      threads,
      harness: toggle(
        "harness",
        "Write samples_*.jsonl and results_*.json as lm-evaluation-harness does, beside the rows"
      ),
      overwrite: toggle("overwrite", "Replace the results that lie there, in place of going on with them"),
      json
    },
    Effect.fnUntraced(function* ({ configName, configPath, overrides, dropRejected, ...rest }) {
      if (configName === undefined)
        return yield* new UsageError({
          reason:
            "Say which configuration: --config-name NAME, most simply the run's own: --config-path RUN --config-name training_config."
        })
      const [job] = yield* configuredJobs({
        configName,
        configPath,
        overrides,
        multirun: false,
        dropRejected,
        command: "evaluate"
      })
      const { config, tree } = job!.decoded
      const handler = yield* Effect.promise(source)
      yield* handler({ ...rest, config, tree })
    })
  ).pipe(
    Command.withDescription("Draws or reads completions, scores them, and measures what they come to"),
    Command.withExamples([
      {
        command: "rewardflow evaluate --config-name tiny_airl model.name=runs/tiny_airl eval.n_samples=8",
        description: "Eight completions of each test problem, scored by the run's reward model"
      },
      {
        command: "rewardflow evaluate --config-name tiny_airl model.name=runs/tiny_airl eval.mode=pregenerated_policy",
        description: "Log-probabilities of the completions that lie there"
      }
    ])
  )
