import { Clock, Data, Duration, Effect, Random, type Redacted, Result, Semaphore } from "effect"
import {
  Headers,
  HttpClient,
  type HttpClientError,
  HttpClientRequest,
  type HttpClientResponse,
  type HttpMethod
} from "effect/http"
import { SamplerFailure } from "../../core/service/index.ts"

/** What a failure of the sampler says beside its name. */
export type Fault = Omit<ConstructorParameters<typeof SamplerFailure>[0], "sampler">

/** One request of the server. */
export interface Asked {
  readonly path: string
  /** Sent as JSON by POST; a GET without. */
  readonly body?: object
  /** A 500 is the server's last word, as for adapters that it cannot load. */
  readonly final500?: boolean
}

/** A server that answers, sooner or later. */
export interface Connection {
  /** As shown to people. */
  readonly name: string
  /** The text of a good answer. */
  readonly text: (asked: Asked) => Effect.Effect<string, SamplerFailure>
  /** The JSON of a good answer; one that is cut off is asked for again. */
  readonly json: (asked: Asked) => Effect.Effect<unknown, SamplerFailure>
  readonly failure: (fault: Fault) => SamplerFailure
}

export interface ConnectionOptions {
  /** Without the final slash. */
  readonly url: string
  readonly apiKey: Redacted.Redacted | undefined
  /** Name of the variable that the key was looked for in. */
  readonly apiKeyVariable: string
  /** Most requests at once. */
  readonly concurrency: number
  /** Milliseconds from the first attempt of a request to its answer. */
  readonly deadline: number
}

/** A failure that may pass: busy, unreachable, or cut off. */
class Passing extends Data.TaggedError("Passing")<{
  readonly reason: string
  /** Milliseconds that the server asks to wait. */
  readonly wait?: number
}> {}

/** First pause and longest pause between attempts, in milliseconds. */
const PAUSES = [250, 8000] as const

/** The message of an error answer, in either of its forms, short enough to show. */
const messageOf = (body: string): string => {
  const said = Result.try(() => JSON.parse(body))
  const { error, message } = Object(Result.getOrUndefined(said))
  const text = Object(error).message ?? message ?? body
  return String(text).replace(/\s+/g, " ").slice(0, 300)
}

const waitOf = (response: HttpClientResponse.HttpClientResponse, now: number): number | undefined => {
  const after = Headers.parseRetryAfter(response.headers["retry-after"] ?? "")
  return Result.isSuccess(after) ? Duration.toMillis(Headers.retryAfterDelay(after.success, now)) : undefined
}

/** What the platform says of a failed request; the cause of "fetch failed" says more than it does. */
const causeOf = ({ cause }: HttpClientError.HttpClientError): unknown =>
  cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause

const tooSlow: Fault = {
  kind: "unreachable",
  reason: "fetch gave up on an answer that takes longer than it waits for any, 300 s, and would again",
  fix: "Provide NodeHttpClient.layerNodeHttp of @effect/platform-node as the HttpClient, or ask for fewer tokens."
}

const refusal = (status: number, message: string, { apiKey, apiKeyVariable }: ConnectionOptions): Fault => {
  const said = `it answers ${status}${message === "" ? "" : ` (${message})`}`
  if (status === 401 || status === 403) {
    const found = apiKey === undefined ? "is not set" : "holds a key that is not accepted"
    return {
      kind: "unauthorized",
      reason: said,
      fix: `The variable ${apiKeyVariable} ${found}: put the server's key there.`
    }
  }
  return status === 404
    ? { kind: "model", reason: said, fix: "Name a model that it serves (GET /v1/models), and a path that it knows." }
    : { kind: "refused", reason: said, fix: "The request will be refused again: change what it says." }
}

/** Sends requests with the key, at most so many at once, and again while what went wrong may pass. */
export const make = Effect.fnUntraced(function* (options: ConnectionOptions) {
  const { url, apiKey, concurrency, deadline } = options
  const http = yield* HttpClient.HttpClient
  const lock = yield* Semaphore.make(concurrency)
  const name = `server ${url}`
  const failure = (fault: Fault) => new SamplerFailure({ sampler: name, ...fault })

  const failed = (error: HttpClientError.HttpClientError): Passing | SamplerFailure => {
    const cause = causeOf(error)
    if (Object(cause).code === "UND_ERR_HEADERS_TIMEOUT") return failure(tooSlow)
    const reason = cause instanceof Error && cause.message !== "" ? cause.message : error.message
    return new Passing({ reason: `the connection fails (${reason})` })
  }

  const attempt = Effect.fnUntraced(
    function* ({ path, body, final500 = false }: Asked) {
      const method: HttpMethod.HttpMethod = body === undefined ? "GET" : "POST"
      const plain = HttpClientRequest.make(method)(`${url}${path}`)
      const keyed = apiKey === undefined ? plain : HttpClientRequest.bearerToken(plain, apiKey)
      const response = yield* http.execute(body === undefined ? keyed : HttpClientRequest.bodyJsonUnsafe(keyed, body))
      const text = yield* response.text
      const { status } = response
      if (status >= 200 && status < 300) return text
      if (status === 408 || status === 429 || (status >= 500 && !(status === 500 && final500))) {
        const wait = waitOf(response, yield* Clock.currentTimeMillis)
        const reason = `it answers ${status} (${messageOf(text)})`
        return yield* new Passing({ reason, ...(wait === undefined ? {} : { wait }) })
      }
      return yield* failure(refusal(status, messageOf(text), options))
    },
    Effect.catchTag("HttpClientError", (error) => Effect.fail(failed(error)))
  )

  const persist = <A>(once: Effect.Effect<A, SamplerFailure | Passing>): Effect.Effect<A, SamplerFailure> =>
    Effect.gen(function* () {
      const start = yield* Clock.currentTimeMillis
      const late = (reason: string) =>
        failure({
          kind: "unreachable",
          reason: `no answer within ${deadline / 1000} s: ${reason}`,
          fix: "See that the server runs and is reachable, lower the concurrency, or raise the deadline."
        })
      for (let failures = 0; ; failures++) {
        const left = start + deadline - (yield* Clock.currentTimeMillis)
        const result = yield* once.pipe(
          Effect.timeoutOrElse({ duration: left, orElse: () => Effect.fail(late("it is still at work")) }),
          Effect.result
        )
        if (result._tag === "Success") return result.success
        const error = result.failure
        if (error._tag === "SamplerFailure") return yield* error
        const pause = Math.min(PAUSES[0] * 2 ** failures, PAUSES[1]) * (0.5 + (yield* Random.next) / 2)
        const wait = error.wait ?? pause
        if ((yield* Clock.currentTimeMillis) + wait - start >= deadline) return yield* late(error.reason)
        yield* Effect.sleep(wait)
      }
    })

  const parsed = (text: string) =>
    Effect.try({
      try: (): unknown => JSON.parse(text),
      catch: () => new Passing({ reason: `its answer is no JSON (${text.length} characters)` })
    })

  const connection: Connection = {
    name,
    failure,
    text: (asked) => lock.withPermit(persist(attempt(asked))),
    json: (asked) => lock.withPermit(persist(Effect.flatMap(attempt(asked), parsed)))
  }
  return connection
})
