import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { type Drawn, drawJob, undrawn } from "./drawJob.ts"
import type { Job } from "./Job.ts"

/** Marks the data of a thread that this file started. */
const role = "rewardflow/plot"

/** Draws a job in a thread of its own; a thread that dies is a trouble of its job. */
export const drawInThread = (job: Job): Effect.Effect<Drawn> =>
  Effect.callback<Drawn>((resume) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { role, job }, execArgv: [] })
    const failed = (error: unknown): void => resume(Effect.succeed(undrawn(job, error)))
    worker.once("message", (drawn: Drawn) => resume(Effect.succeed(drawn)))
    worker.once("error", failed)
    worker.once("exit", (code) => failed(`its thread ended with code ${code}`))
    return Effect.promise(() => worker.terminate())
  })

const isOurs = (data: unknown): data is { readonly role: typeof role; readonly job: Job } =>
  typeof data === "object" && data !== null && "role" in data && data.role === role

if (!isMainThread && isOurs(workerData))
  parentPort?.postMessage(await Effect.runPromise(drawJob(workerData.job).pipe(Effect.provide(NodeServices.layer))))
