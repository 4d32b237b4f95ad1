import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import type { RunConfig } from "../../core/config/index.ts"
import { type ConfigChoice, configFlags, configuredJobs } from "./configFlags.ts"
import { maybe, runFlags } from "./runFlags.ts"
import type { Source } from "./Source.ts"
import { UsageError } from "./usage.ts"

/** What `rewardflow doctor` was asked for. */
export interface DoctorOptions {
  readonly config: RunConfig
  /** Where the run would be kept. */
  readonly output: string
  /** Name of the compute backend. */
  readonly backend: string
  readonly threads: number | undefined
  readonly json: boolean
}

/** What a model and data alone are looked over for: supervised fine-tuning. */
const ALONE = "math_sft"

interface Words extends Omit<ConfigChoice, "configName" | "multirun"> {
  readonly configName: string | undefined
  readonly model: string | undefined
  readonly data: string | undefined
}

/** A value as the grammar of overrides takes it, whatever it holds. */
const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`

const choiceOf = ({ model, data, configName, ...rest }: Words): ConfigChoice | UsageError => {
  if (configName !== undefined && (model !== undefined || data !== undefined))
    return new UsageError({
      reason:
        "--model and --data stand for a configuration: leave out --config-name, or give model.name=... and dataset.path=... ."
    })
  if (configName !== undefined) return { ...rest, configName, multirun: false }
  if (model === undefined || data === undefined)
    return new UsageError({ reason: "Say what to look at: --config-name NAME, or --model FOLDER with --data PATH." })
  const overrides = [`model.name=${quoted(model)}`, `dataset.path=${quoted(data)}`, ...rest.overrides]
  return { ...rest, overrides, configName: ALONE, multirun: false }
}

/** `rewardflow doctor --config-name NAME key=value ...`, or `--model FOLDER --data PATH`. */
export const doctorCommand = (source: Source<DoctorOptions>) =>
  Command.make(
    "doctor",
    {
      model: maybe(Flag.String("model")).pipe(
        Flag.withMetavar("FOLDER"),
        Flag.withDescription(`A model to look over with --data, as ${ALONE} would train it`)
      ),
      data: maybe(Flag.String("data")).pipe(
        Flag.withMetavar("PATH"),
        Flag.withDescription("Data to look over with --model, in the form of dataset.name")
      ),
      ...configFlags,
      output: runFlags.output,
      backend: runFlags.backend,
      threads: runFlags.threads,
      json: runFlags.json
    },
    Effect.fnUntraced(function* ({ backend, threads, json, output, ...words }) {
      const choice = choiceOf(words)
      if (choice instanceof UsageError) return yield* choice
      const [job] = yield* configuredJobs(choice)
      const { config } = job!.decoded
      const handler = yield* Effect.promise(source)
      yield* handler({ config, output: output ?? config.training.output_dir ?? "runs", backend, threads, json })
    })
  ).pipe(
    Command.withDescription(
      "Looks a set-up over before it trains: files, texts, reward, memory, one step of the largest"
    ),
    Command.withExamples([
      { command: "rewardflow doctor --config-name tiny_airl training.beta=0.1", description: "What train would run" },
      { command: "rewardflow doctor --model DIR --data DIR dataset.name=gsm8k", description: "A model with data" }
    ])
  )
