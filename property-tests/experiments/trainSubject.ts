import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Result } from "effect"
import { printRunConfig } from "../../src/core/config/index.ts"
import { StopSignal } from "../../src/core/run/index.ts"
import type { TrainOptions } from "../../src/experiments/commands/index.ts"
import { configure, readLibrary } from "../../src/experiments/configure/index.ts"
import { train } from "../../src/experiments/train.ts"
import { consoleInto } from "./tiny.ts"

const configs = new URL("../../configs", import.meta.url).pathname

/** A shape and sizes with which a run takes a second or two, and learns nothing. */
const least = [
  ...["width=16", "layers=1", "heads=2", "feed_forward=24"].map((each) => `model.shape.${each}`),
  ...["train=24", "validation=6", "test=4"].map((each) => `dataset.size.${each}`),
  "eval.eval_steps=2",
  "eval.problems=4",
  "eval.test_problems=4",
  "training.max_steps=2",
  "training.per_device_train_batch_size=4"
]
const practised = ["sft.steps=4", "sft.batch_size=4"]

/** Overrides that make the tiny configuration of each algorithm tinier. */
export const tinier = {
  sft: [...least, "training.max_steps=4"],
  grpo: [...least, ...practised, "training.num_generations=2"],
  opsd: [...least, ...practised, "training.num_generations=2"],
  airl: [
    ...least,
    ...practised,
    "sampling.num_generations=2",
    "training.reward_warmup_steps=3",
    "training.reward_updates_per_warmup_batch=2",
    "model.reward_batch={rollouts:2,perturbed:2}"
  ]
} as const

/** What `rewardflow train --config-name tiny_<algorithm>` with these overrides asks for. */
export const asked = async (
  algorithm: keyof typeof tinier,
  output: string,
  overrides: ReadonlyArray<string> = [],
  rest: Partial<TrainOptions> = {}
): Promise<TrainOptions> => {
  const library = await Effect.runPromise(readLibrary(undefined, configs).pipe(Effect.provide(NodeServices.layer)))
  const { sweep = false } = rest
  const words = [...tinier[algorithm], ...overrides]
  const request = { library, name: `tiny_${algorithm}`, overrides: words, multirun: sweep, env: {} }
  const jobs = Result.getOrThrow(configure(request)).map(({ name, decoded }, i) => ({
    name,
    output: sweep ? join(output, String(i)) : output,
    config: decoded.config,
    configText: printRunConfig(decoded.tree)
  }))
  return { output, backend: "onnx-cpu", threads: 1, resume: false, overwrite: false, json: true, sweep, ...rest, jobs }
}

/** Trains; what was printed, or why not. Stops in good order once a stop has been looked for so many times. */
export const trained = async (
  options: TrainOptions,
  checks = Number.POSITIVE_INFINITY
): Promise<Result.Result<string, Error>> => {
  const out: Array<string> = []
  let looked = 0
  const signal = {
    requested: Effect.sync(() => (++looked > checks ? ("SIGINT" as const) : undefined)),
    listen: Effect.void
  }
  const result = await train(options).pipe(
    Effect.provideService(StopSignal, signal),
    Effect.provideService(Console.Console, consoleInto(out)),
    Effect.provide(NodeServices.layer),
    Effect.result,
    Effect.runPromise
  )
  return Result.map(result, () => out.join("\n"))
}

/** A JSON file of a run. */
export const jsonOf = (run: string, name: string): unknown => JSON.parse(readFileSync(join(run, name), "utf8"))
