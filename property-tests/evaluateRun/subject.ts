import { readFileSync } from "node:fs"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Result } from "effect"
import type { EvaluateOptions } from "../../src/experiments/commands/index.ts"
import { configure, readLibrary } from "../../src/experiments/configure/index.ts"
import { evaluate } from "../../src/experiments/evaluate.ts"
import { consoleInto } from "../experiments/tiny.ts"
import { tinier } from "../experiments/trainSubject.ts"

const configs = new URL("../../configs", import.meta.url).pathname

/** Shapes and sizes of the trained run, which an evaluation reads from the same configuration. */
const kept = (algorithm: keyof typeof tinier) => tinier[algorithm].filter((word) => word.startsWith("dataset.size."))

/** What `rewardflow evaluate --config-name tiny_<algorithm>` with these overrides asks for, or why it is refused. */
export const evaluation = async (
  algorithm: keyof typeof tinier,
  overrides: ReadonlyArray<string>,
  rest: Partial<EvaluateOptions> = {}
): Promise<Result.Result<EvaluateOptions, Error>> => {
  const library = await Effect.runPromise(readLibrary(undefined, configs).pipe(Effect.provide(NodeServices.layer)))
  const jobs = configure({
    library,
    name: `tiny_${algorithm}`,
    overrides: [...kept(algorithm), ...overrides],
    multirun: false,
    env: {},
    command: "evaluate"
  })
  return Result.map(jobs, ([job]) => {
    const { config, tree } = job!.decoded
    return { config, tree, backend: "onnx-cpu", threads: 1, overwrite: false, harness: false, json: true, ...rest }
  })
}

/** Evaluates; what was printed, or why not. */
export const evaluated = async (
  algorithm: keyof typeof tinier,
  overrides: ReadonlyArray<string>,
  rest: Partial<EvaluateOptions> = {}
): Promise<Result.Result<string, Error>> => {
  const options = await evaluation(algorithm, overrides, rest)
  if (Result.isFailure(options)) return Result.fail(options.failure)
  const out: Array<string> = []
  const result = await evaluate(options.success).pipe(
    Effect.provideService(Console.Console, consoleInto(out)),
    Effect.provide(NodeServices.layer),
    Effect.result,
    Effect.runPromise
  )
  return Result.map(result, () => out.join("\n"))
}

/** The rows of a file. */
export const rowsOf = (file: string): ReadonlyArray<Record<string, unknown>> =>
  readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
