import { createInterface } from "node:readline"
import { Effect, Exit, ManagedRuntime, Schema, Scope } from "effect"
import { Onnx } from "../../backends/onnx/index.ts"
import { Job, prepare } from "./jobs.ts"

/**
 * Our side of a benchmark, as a process of its own so that its peak memory is its own. Speaks the protocol of
 * bench/peer.py: a JSON request a line on standard input, a JSON answer a line on standard output.
 */
const Request = Schema.Union([
  Schema.Struct({ do: Schema.Literal("threads"), threads: Schema.Int }),
  Schema.Struct({ do: Schema.Literal("prepare"), job: Job }),
  Schema.Struct({ do: Schema.Literal("run"), times: Schema.Int })
])

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Request))

let runtime = ManagedRuntime.make(Onnx.cpu)
let scope = Scope.makeUnsafe()
let once: Effect.Effect<unknown, unknown> = Effect.void

const answer = async (line: string): Promise<Readonly<Record<string, unknown>>> => {
  const request = decode(line)
  switch (request.do) {
    case "threads":
      runtime = ManagedRuntime.make(Onnx.cpuWith({ threads: request.threads }))
      return { name: "rewardflow" }
    case "prepare":
      await Effect.runPromise(Scope.close(scope, Exit.void))
      scope = Scope.makeUnsafe()
      once = await runtime.runPromise(Scope.provide(prepare(request.job), scope))
      return {}
    case "run": {
      const started = performance.now()
      await runtime.runPromise(Effect.repeat(once, { times: request.times - 1 }))
      return {
        ms: (performance.now() - started) / request.times,
        peakBytes: process.resourceUsage().maxRSS * 1024
      }
    }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const written = await answer(line).catch((error: unknown) => ({ failed: String(error) }))
  process.stdout.write(`${JSON.stringify(written)}\n`)
}
await Effect.runPromise(Scope.close(scope, Exit.void))
await runtime.dispose()
