import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Selectors } from "../../core/evaluation/index.ts"
import { type RewardFlags, rewardFlags } from "./rewardFlags.ts"
import { maybe, runFlags, wholeNumber } from "./runFlags.ts"
import type { Source } from "./Source.ts"
import { UsageError } from "./usage.ts"

/** What `rewardflow probe` was asked for. */
export interface ProbeOptions extends RewardFlags {
  /** Result rows whose right completions are changed. */
  readonly file: string
  /** A run's directory, or a reward model's folder. */
  readonly model: string
  /** The result as JSON, with the first failures. */
  readonly output: string
  /** How unit rewards become a trace's score. */
  readonly selector: string
  /** Most traces that are changed. */
  readonly traces: number
  readonly seed: number
  readonly backend: string
  readonly threads: number | undefined
  readonly json: boolean
}

const { backend, threads, json } = runFlags

/** `rewardflow probe FILE --model NAME` */
export const probeCommand = (source: Source<ProbeOptions>) =>
  Command.make(
    "probe",
    {
      file: Argument.File("file", { mustExist: true }).pipe(
        Argument.withDescription("JSONL of result rows, whose right completions are changed")
      ),
      model: Flag.String("model").pipe(
        Flag.withMetavar("NAME"),
        Flag.withDescription("The run that made the reward model, or its folder")
      ),
      output: maybe(Flag.String("output")).pipe(
        Flag.withMetavar("FILE"),
        Flag.withDescription("The result as JSON; FILE.probe.json by default")
      ),
      ...rewardFlags,
      selector: Flag.String("selector").pipe(
        Flag.withDefault("mean"),
        Flag.withDescription(`How rewards become a trace's score: ${Selectors.all.map(({ name }) => name).join(", ")}`)
      ),
      traces: wholeNumber("traces", 1).pipe(
        Flag.withDefault(200),
        Flag.withMetavar("N"),
        Flag.withDescription("Most traces that are changed, one a prompt; 200 by default")
      ),
      seed: wholeNumber("seed", 0).pipe(Flag.withDefault(42), Flag.withDescription("Seed of the changes")),
      backend,
      threads,
      json
    },
    Effect.fnUntraced(function* ({ output, ...options }) {
      if (Selectors.named(options.selector) === undefined)
        return yield* new UsageError({
          reason: `--selector ${options.selector}: unknown. Choose one of ${Selectors.all.map(({ name }) => name).join(", ")}.`
        })
      const handler = yield* Effect.promise(source)
      yield* handler({ ...options, output: output ?? `${options.file.replace(/\.jsonl(\.gz)?$/, "")}.probe.json` })
    })
  ).pipe(
    Command.withDescription("Changes right traces in known ways, and tells where a reward model does not follow"),
    Command.withExamples([
      {
        command: "rewardflow probe runs/tiny_airl/eval_results_arithmetic.jsonl --model runs/tiny_airl",
        description: "Which changes should have lowered the reward, and did not"
      }
    ])
  )
