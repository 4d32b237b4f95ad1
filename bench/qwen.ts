/**
 * The figures of Qwen2.5-0.5B's exact shapes against transformers and peft, in alternating rounds: opening a checkpoint
 * and its first logits, sampling, a LoRA step. Each side of each job is a process of its own, with 2 threads.
 *
 * Run: python bench/checkpoint.py FOLDER
 * Then: REWARDFLOW_PYTHON=/path/to/python node bench/qwen.ts FOLDER [ROUNDS] [JOB]
 */
import { fileURLToPath } from "node:url"
import { Console, Effect } from "effect"
import { median, type Side, start, type Timing } from "../src/experiments/bench/index.ts"

const [folder, rounds = "5", only = ""] = process.argv.slice(2)
if (folder === undefined) throw new Error("Give the folder that bench/checkpoint.py made.")

const beside = (file: string): string => fileURLToPath(new URL(`./${file}`, import.meta.url))
const python = process.env["REWARDFLOW_PYTHON"] ?? "python3"
const ours = { side: "rewardflow", command: process.execPath, args: [beside("qwenSide.ts")], threads: 2 }
const theirs = { side: "transformers", command: python, args: [beside("qwen.py")], threads: 2 }

const both = ["mapped", "loaded"]
const load = both.map((weights) => ({ name: `load, ${weights}`, job: { _tag: "load", folder, weights } }))
const sample = both.map((weights) => ({
  name: `sample 8 x (32 + 64), ${weights}`,
  job: { _tag: "sample", folder, B: 8, P: 32, T: 64, weights }
}))
const train = [...both, "quantised"].map((weights) => ({
  name: `train LoRA 16, 2 x 256, ${weights}`,
  job: { _tag: "train", folder, B: 2, T: 256, rank: 16, weights }
}))
const jobs = [...load, ...sample, ...train]

/** Threads that wait by spinning give the cores up in this time. */
const turn = (side: Side): Effect.Effect<Timing, Error> => Effect.delay(side.run(1), "20 millis")

const compare = Effect.fnUntraced(function* ({ name, job }: (typeof jobs)[number]) {
  const sides = [yield* start(ours), yield* start(theirs)]
  for (const side of sides) yield* Effect.andThen(side.prepare(job), side.run(1))
  const timings: Array<ReadonlyArray<Timing>> = []
  for (let round = 0; round < Number(rounds); round++) {
    const timed: Array<Timing> = []
    for (const i of round % 2 === 0 ? [0, 1] : [1, 0]) timed[i] = yield* turn(sides[i]!)
    timings.push(timed)
  }
  const ms = (i: number) => median(timings.map((t) => t[i]!.ms)).toFixed(0)
  const ratio = median(timings.map((t) => t[0]!.ms / t[1]!.ms)).toFixed(2)
  const peak = (i: number) => (Math.max(...timings.map((t) => t[i]!.peakBytes)) / 2 ** 20).toFixed(0)
  yield* Console.log(`| ${name} | ${ms(0)} | ${ms(1)} | ${ratio} | ${peak(0)} | ${peak(1)} |`)
}, Effect.scoped)

const main = Effect.gen(function* () {
  yield* Console.log("| job | ours ms | peer ms | ratio | ours MiB | peer MiB |\n|---|---:|---:|---:|---:|---:|")
  for (const job of jobs) if (job.name.includes(only)) yield* compare(job)
})

await Effect.runPromise(main)
