import type { Engine } from "./Engine.ts"
import { EngineFailure } from "./Memory.ts"
import type { Answer, Request } from "./protocol.ts"

/** A failure as an answer. */
export const failed = (error: unknown): Answer => ({
  _tag: "Failed",
  failure:
    error instanceof EngineFailure
      ? error.failure
      : { _tag: "EngineError", reason: error instanceof Error ? error.message : String(error) }
})

/** What is said to requests that come after the end. */
export const gone = (reason: string): Answer => failed(`the engine is gone: ${reason}`)

/** What an engine answers to a request; never rejects. */
export const answer = (engine: Engine, request: Request): Promise<Answer> =>
  engine.handle(request).then((value): Answer => ({ _tag: "Done", value }), failed)
