import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { Durable, RunDirectory, type TrainEvent } from "../../src/core/run/index.ts"
import { toyStages } from "./toyStage.ts"

/** Memory where the system offers it: flushing to a disk is what makes these tests slow. */
const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir()

/** Runs a test in a fresh folder that is removed afterwards. */
export const inFolder = async <A>(use: (folder: string) => Promise<A>): Promise<A> => {
  const folder = mkdtempSync(join(scratch, "rewardflow-run-"))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const config = { seed: 5, optimiser: { learningRate: 0.1 } }

/** Both toy stages in one run directory, marked finished at the end. */
export const toyRun = Effect.fnUntraced(function* (
  path: string,
  options: { readonly resume?: boolean; readonly delayMs?: number } = {},
  onEvent: (event: TrainEvent) => Effect.Effect<void> = () => Effect.void
) {
  const { resume = true, delayMs = 0 } = options
  const directory = yield* RunDirectory.open(path, { config, resume })
  for (const stage of toyStages(delayMs)) {
    yield* Durable.run(stage, directory, { best: { metric: "loss", mode: "min" } }).pipe(Stream.runForEach(onEvent))
  }
  yield* RunDirectory.finish(directory)
})

/** What must not depend on how often a run was stopped: final tensors and state, and every step's metrics, once. */
export const result = (path: string) => {
  const final = (stage: string, step: number) => {
    const folder = `${path}/${stage}/checkpoint-${step}`
    const { state } = JSON.parse(readFileSync(`${folder}/state.json`, "utf8")) as { state: unknown }
    return { model: readFileSync(`${folder}/model.safetensors`).toString("base64"), state }
  }
  const metrics = readFileSync(`${path}/metrics.jsonl`, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const { seconds, time, ...rest } = JSON.parse(line) as Record<string, unknown>
      if (typeof seconds !== "number" || typeof time !== "string") throw new Error(`No time in ${line}`)
      return rest
    })
  return { first: final("first", 7), second: final("second", 5), metrics, folders: readdirSync(path).sort() }
}
