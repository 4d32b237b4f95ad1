import { Effect } from "effect"
import { BackendFailure, BadFeed, NonFinite, type RunError } from "../../../core/service/index.ts"
import type { Answer, Answers, Failure, Request, Tensors } from "./protocol.ts"
import { remedy, troubleOf } from "./trouble.ts"

/** What each request can fail with. */
interface Errors {
  readonly Write: BackendFailure
  readonly Read: BackendFailure | BadFeed
  readonly Remove: BackendFailure
  readonly Names: BackendFailure
  readonly Drop: BackendFailure
  readonly Compile: BackendFailure | BadFeed
  readonly Run: RunError
  readonly Release: BackendFailure
}

/** An engine as those see it who ask it. */
export interface Client {
  /** Sends a request and waits for its answer. The buffers of `transfer` leave this thread. */
  readonly ask: <R extends Request>(
    request: R,
    transfer?: Tensors | Uint8Array<ArrayBuffer>
  ) => Effect.Effect<Answers[R["_tag"]], Errors[R["_tag"]]>
}

const during: { readonly [T in Request["_tag"]]: BackendFailure["during"] } = {
  Write: "write",
  Read: "read",
  Remove: "write",
  Names: "read",
  Drop: "write",
  Compile: "compile",
  Run: "run",
  Release: "compile"
}

const toError = (backend: string, request: Request, failure: Failure): RunError => {
  switch (failure._tag) {
    case "BadFeed":
      return new BadFeed({ name: failure.name, reason: failure.reason })
    case "NonFinite":
      return new NonFinite({ output: failure.output, value: failure.value })
    case "EngineError": {
      const trouble = troubleOf(failure.reason)
      const fields = { backend, during: during[request._tag] }
      return trouble === undefined
        ? new BackendFailure({ ...fields, reason: failure.reason })
        : new BackendFailure({
            ...fields,
            reason: `${remedy(trouble)} The engine said: ${failure.reason.trim()}`,
            trouble
          })
    }
  }
}

/** What an answer comes to: each kind of request is answered with its own kind of value, or one of its own failures. */
export const toEffect = <R extends Request>(
  backend: string,
  request: R,
  answer: Answer
): Effect.Effect<Answers[R["_tag"]], Errors[R["_tag"]]> =>
  answer._tag === "Done"
    ? Effect.succeed(answer.value as Answers[R["_tag"]])
    : Effect.fail(toError(backend, request, answer.failure) as Errors[R["_tag"]])
