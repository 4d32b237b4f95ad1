/**
 * Training steps of `Tfjs.webgpu` against the same step written by hand with tfjs-core on the same device. The sides take
 * turns in one process. `bench/tfjs.ts` bundles and runs it.
 */
import * as tf from "@tensorflow/tfjs-core"
import "@tensorflow/tfjs-core/dist/register_all_gradients"
import { Console, Effect } from "effect"
import { Tfjs } from "../src/backends/tfjs/index.ts"
import { median, prepare } from "../src/experiments/bench/index.ts"
import { type Sizes, training } from "./tfjsPeer.ts"

const rounds = Number(process.argv[2] ?? 7)

const sizes: ReadonlyArray<Sizes> = [
  { B: 4, T: 32, D: 32, H: 2, L: 2, V: 128 },
  { B: 4, T: 64, D: 64, H: 2, L: 2, V: 256 }
]

/** Makes the global engine of tfjs-core use WebGPU. */
const openPeer = async (): Promise<void> => {
  const { create, globals } = await import("webgpu")
  Object.assign(globalThis, globals)
  Object.defineProperty(globalThis, "navigator", { value: { gpu: create([]) }, configurable: true })
  await import("@tensorflow/tfjs-backend-webgpu")
  if (!(await tf.setBackend("webgpu"))) throw new Error("tfjs-core finds no WebGPU here")
}

const timed = async (once: () => Promise<unknown>, times: number): Promise<number> => {
  const started = performance.now()
  for (let i = 0; i < times; i++) await once()
  return (performance.now() - started) / times
}

const compare = (size: Sizes) =>
  Effect.gen(function* () {
    const context = yield* Effect.context<never>()
    const step = yield* prepare({ _tag: "train", ...size })
    const ours = () => Effect.runPromiseWith(context)(step)
    const theirs = training(size)
    yield* Effect.promise(async () => [await timed(ours, 2), await timed(theirs, 2)])
    const found: Array<readonly [number, number]> = []
    for (let round = 0; round < rounds; round++) {
      found.push(yield* Effect.promise(async () => [await timed(ours, 2), await timed(theirs, 2)] as const))
    }
    const ratio = median(found.map(([a, b]) => a / b))
    const [a, b] = [median(found.map(([ours]) => ours)), median(found.map(([, theirs]) => theirs))]
    const { B, T, D, L, V } = size
    yield* Console.log(
      `B${B} T${T} D${D} L${L} V${V}: ours ${a.toFixed(1)} ms, by hand ${b.toFixed(1)} ms, ratio ${ratio.toFixed(2)}`
    )
  }).pipe(Effect.scoped)

const main = Effect.gen(function* () {
  yield* Effect.promise(openPeer)
  for (const size of sizes) yield* Effect.provide(compare(size), Tfjs.webgpu)
})

await Effect.runPromise(main)
process.exit(0)
