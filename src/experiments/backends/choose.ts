import { Data, Effect, Layer, Result, Runtime } from "effect"
import { nearestName } from "../../core/config/index.ts"
import type { Backend, BackendFailure } from "../../core/service/index.ts"
import type { BackendOptions, Entry } from "./Entry.ts"
import { entries } from "./entries.ts"

/** The backend of every command unless another is asked for. */
export const usualBackend = "onnx-cpu"

/** The names of all backends. */
export const backendNames: ReadonlyArray<string> = entries.map(({ name }) => name)

/** A backend that nobody knows, or an option that it does not have. */
export class BadBackendChoice extends Data.TaggedError("BadBackendChoice")<{
  readonly backend: string
  readonly reason: string
}> {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    return `--backend ${this.backend}: ${this.reason}`
  }
}

/** The backends that there are, and which of them is meant by a name that is none. */
export const expectedBackend = (name: string): string => {
  const near = nearestName(name, backendNames)
  return `one of ${backendNames.join(", ")}.${near === undefined ? "" : ` Did you mean ${near}?`}`
}

/** The backend of a name. */
export const backendNamed = (name: string): Result.Result<Entry, BadBackendChoice> => {
  const found = entries.find((entry) => entry.name === name)
  if (found !== undefined) return Result.succeed(found)
  return Result.fail(
    new BadBackendChoice({ backend: name, reason: `there is no such backend. Give ${expectedBackend(name)}` })
  )
}

/** A backend by name, loaded with its packages when it is first needed. */
export const backendLayer = (
  name: string,
  options: BackendOptions
): Layer.Layer<Backend, BackendFailure | BadBackendChoice> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const entry = yield* Effect.fromResult(backendNamed(name))
      if (options.threads !== undefined && !entry.threads) {
        const reason = "its threads cannot be chosen. Leave out --threads."
        return yield* new BadBackendChoice({ backend: name, reason })
      }
      return yield* Effect.promise(() => entry.load(options))
    })
  )
