import { Clock, Effect, type Scope } from "effect"
import type { Feeds, SampleError, SamplerFailure } from "../../core/service/index.ts"
import type { Connection } from "./Connection.ts"
import { servedAs } from "./models.ts"

/** How the server comes by the policy's versions, each an adapter on the served base model. */
export interface AdapterOptions {
  /** Stores the adapter of these parameters where the server can read it, and gives its path as the server sees it. */
  readonly publish: (version: number, params: Feeds) => Effect.Effect<string, SampleError>
  /** Versions that stay loaded, 2 by default; the server's --max-loras must be no less. */
  readonly keep?: number
  /** What names begin with, "policy" by default. */
  readonly prefix?: string
}

/** The adapters of one sampler on the server. */
export interface Adapters {
  /** Loads a version, under a name that was never used before; later completions are drawn from it. */
  readonly load: (version: number, params: Feeds) => Effect.Effect<void, SampleError>
  /** The name of the version loaded last. */
  readonly current: Effect.Effect<string, SamplerFailure>
}

/**
 * Loads adapters under names such as `policy-000012-mf3k2a9x`: version and time, since a server may answer from what it
 * cached under an earlier adapter of the same name. What is loaded is unloaded with the scope.
 */
export const make = Effect.fnUntraced(function* (
  connection: Connection,
  base: string,
  { publish, keep = 2, prefix = "policy" }: AdapterOptions
): Effect.fn.Return<Adapters, never, Scope.Scope> {
  const loaded: Array<string> = []
  let stamp = 0

  const unload = (name: string) =>
    connection.text({ path: "/v1/unload_lora_adapter", body: { lora_name: name } }).pipe(
      // Gone is what was asked for: the server may have lost it, or the answer to the first attempt was lost.
      Effect.catchIf(
        ({ kind }) => kind === "model",
        () => Effect.void
      )
    )

  yield* Effect.addFinalizer(() => Effect.forEach([...loaded], (name) => Effect.ignore(unload(name))))

  const confirmed = Effect.fnUntraced(function* (name: string) {
    const { parent } = yield* servedAs(connection, name)
    if (parent == null || parent === base) return
    return yield* connection.failure({
      kind: "model",
      reason: `adapter "${name}" lies on "${parent}", not on "${base}"`,
      fix: `Publish adapters of "${base}", or name "${parent}" as the model.`
    })
  })

  const notLoaded = (error: SamplerFailure): SamplerFailure =>
    error.kind === "unauthorized" || error.kind === "unreachable"
      ? error
      : connection.failure({
          kind: "model",
          reason: `the adapter is not loaded: ${error.reason}`,
          fix: "Start vLLM with --enable-lora, --max-lora-rank of at least the adapter's rank and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True, and publish to a path that the server can read; modules_to_save, DoRA and biases are not served."
        })

  return {
    load: Effect.fnUntraced(function* (version, params) {
      const path = yield* publish(version, params)
      stamp = Math.max(stamp + 1, yield* Clock.currentTimeMillis)
      const name = `${prefix}-${String(version).padStart(6, "0")}-${stamp.toString(36)}`
      yield* connection
        .text({ path: "/v1/load_lora_adapter", body: { lora_name: name, lora_path: path }, final500: true })
        .pipe(
          // An answer that was lost is asked for again, and then refused as loaded already: what is served decides.
          Effect.catchTag("SamplerFailure", (error) =>
            Effect.catch(confirmed(name), () => Effect.fail(notLoaded(error)))
          )
        )
      yield* confirmed(name)
      loaded.push(name)
      while (loaded.length > keep) yield* unload(loaded.shift()!)
    }),
    current: Effect.suspend(() => {
      const name = loaded.at(-1)
      return name !== undefined
        ? Effect.succeed(name)
        : Effect.fail(
            connection.failure({
              kind: "model",
              reason: "no version of the policy is loaded yet",
              fix: "Call `follow` before `sample`; the base model never answers in the policy's place."
            })
          )
    })
  }
})
