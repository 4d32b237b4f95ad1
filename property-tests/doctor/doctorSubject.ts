import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Result } from "effect"
import { usualBackend } from "../../src/experiments/backends/index.ts"
import { type Resources, resources } from "../../src/experiments/doctor/index.ts"
import { diagnose } from "../../src/experiments/doctor.ts"
import { consoleInto, folder } from "../experiments/tiny.ts"
import { asked, type tinier } from "../experiments/trainSubject.ts"

interface Row {
  readonly name: string
  readonly verdict: string
  readonly found?: string
  readonly reason?: string
}

/** What fits the texts of the tiny task, in the tokens of a model folder's own tokenizer, and little more. */
export const folderSizes: ReadonlyArray<string> = [
  "~model.shape",
  "model.max_prompt_length=128",
  "model.max_completion_length=80",
  "sampling.top_p=1"
]

/** Verdicts of a configuration by check, what was said of those that did not pass, and how the command ends. */
export const looked = async (
  algorithm: keyof typeof tinier,
  overrides: ReadonlyArray<string> = [],
  machine: Partial<Resources> = {},
  backend = usualBackend
) => {
  const { jobs } = await asked(algorithm, join(folder(), "run"), overrides)
  const out: Array<string> = []
  const ended = await diagnose(
    {
      config: jobs[0]!.config,
      output: jobs[0]!.output,
      backend,
      threads: backend === usualBackend ? 1 : undefined,
      json: true
    },
    { ...resources, ...machine }
  ).pipe(
    Effect.provideService(Console.Console, consoleInto(out)),
    Effect.provide(NodeServices.layer),
    Effect.result,
    Effect.runPromise
  )
  const rows = JSON.parse(out.join("\n")) as ReadonlyArray<Row>
  return {
    verdicts: Object.fromEntries(rows.map(({ name, verdict }) => [name, verdict])),
    found: Object.fromEntries(rows.map(({ name, found }) => [name, found])),
    reasons: Object.fromEntries(rows.map(({ name, reason }) => [name, reason])),
    error: Result.isFailure(ended) ? ended.failure.message : undefined
  }
}
