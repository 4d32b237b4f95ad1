/**
 * Loads the checkpoint that `bench/checkpoint.py FOLDER` made into the ONNX backend, computes its first batch and
 * compares the logits with those of transformers. Prints one line of JSON.
 *
 * Run: node bench/checkpoint.ts FOLDER [mapped]
 */
import { readFileSync } from "node:fs"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Result } from "effect"
import { Onnx } from "../src/backends/onnx/index.ts"
import { loadInto, mapInto, open } from "../src/core/checkpoint/index.ts"
import { forward, logits, parameterSpecs, Safetensors } from "../src/core/model/index.ts"
import { paramName } from "../src/core/optim/index.ts"
import { input, Programs, Steps } from "../src/core/program/index.ts"
import { Backend } from "../src/core/service/index.ts"

const [folder, how] = process.argv.slice(2)
if (folder === undefined) throw new Error("Give the folder that bench/checkpoint.py made.")

const expected = Result.getOrThrow(Safetensors.decode(readFileSync(`${folder}/expected/logits.safetensors`))).tensors
const ids = expected["ids"]!

/** Wall time and the processor time of all threads, in seconds, with the effect's value. */
const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const [wall, cpu] = [performance.now(), process.cpuUsage()]
    const value = yield* effect
    const { user, system } = process.cpuUsage(cpu)
    return { value, seconds: (performance.now() - wall) / 1e3, cpuSeconds: (user + system) / 1e6 }
  })

const main = Effect.gen(function* () {
  const backend = yield* Backend
  const memory = yield* backend.memory
  const into = how === "mapped" ? mapInto : loadInto
  const load = yield* timed(Effect.flatMap(open(folder), (model) => Effect.as(into(memory, model), model)))
  const loadedBytes = process.memoryUsage().rss
  const loadPeakBytes = process.resourceUsage().maxRSS * 1024
  const { config } = load.value
  const specs = parameterSpecs(config)
  const params = Object.fromEntries(
    Object.entries(specs).map(([name, { shape }]) => [name, input(paramName(name), shape)])
  )
  const { hidden } = forward(config, params, input("ids", ids.shape, "i32"))
  const program = Programs.fromExprs({ logits: logits(config, params, hidden) })
  const resident = Object.keys(specs).map((name) => paramName(name))
  const step = Steps.make({ program, resident, carry: [], guard: [] })
  const compile = yield* timed(backend.compile(step, { memory, freeze: how === "mapped" ? resident : [] }))
  const run = compile.value.run({ ids })
  const first = yield* timed(run)
  const second = yield* timed(run)
  const ours = first.value["logits"]!.data
  let [difference, largest] = [0, 0]
  for (const [i, x] of expected["logits"]!.data.entries()) {
    difference = Math.max(difference, Math.abs(x - ours[i]!))
    largest = Math.max(largest, Math.abs(x))
  }
  const figures = ({ seconds, cpuSeconds }: { readonly seconds: number; readonly cpuSeconds: number }) => ({
    seconds,
    cpuSeconds
  })
  yield* Console.log(
    JSON.stringify({
      load: { ...figures(load), peakBytes: loadPeakBytes, heldBytes: loadedBytes },
      compile: figures(compile),
      first: figures(first),
      second: figures(second),
      peakBytes: process.resourceUsage().maxRSS * 1024,
      logits: { largestDifference: difference, largest }
    })
  )
})

await Effect.runPromise(Effect.scoped(main).pipe(Effect.provide(Onnx.cpu), Effect.provide(NodeServices.layer)))
