import { Clock, Data, Effect, Random, Redacted, type Scope } from "effect"
import { HubError, type Repo } from "../../core/data/index.ts"
import type { HubSettings } from "./hubSettings.ts"

/** What is asked of the hub, and for which file; errors name both. */
export interface Asked {
  readonly repo: Repo
  readonly path?: string
}

/** A failure that may pass: busy, unreachable, or cut off. */
export class Passing extends Data.TaggedError("Passing")<{
  readonly reason: string
  /** Milliseconds that the hub asks to wait. */
  readonly wait?: number
  /** Whether something was received, so that patience begins anew. */
  readonly progress?: boolean
  /** Whether no connection was made at all: there may be no network, and no hub. */
  readonly unreached?: boolean
}> {}

/** Milliseconds for the head of an answer. */
const HEAD = 30_000
const HOPS = 5

const kinds: Readonly<Record<string, HubError["kind"]>> = {
  RepoNotFound: "repository",
  RevisionNotFound: "revision",
  EntryNotFound: "file",
  GatedRepo: "forbidden",
  401: "unauthorized",
  403: "forbidden",
  404: "file"
}

/**
 * Milliseconds that an answer asks to wait: by `retry-after` (seconds or a date), else by the draft standard's
 * `ratelimit: ...;t=55`; undefined where it asks for nothing.
 *
 * @param now milliseconds since 1970
 */
export const retryAfter = (headers: Headers, now: number): number | undefined => {
  const after = headers.get("retry-after")?.trim()
  if (after !== undefined && /^\d+(\.\d+)?$/.test(after)) return Number(after) * 1000
  const date = after === undefined ? Number.NaN : Date.parse(after)
  if (!Number.isNaN(date)) return Math.max(0, date - now)
  const reset = /;\s*t=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1]
  return reset === undefined ? undefined : Number(reset) * 1000
}

const refusal = (response: Response, asked: Asked, now: number): HubError | Passing => {
  const { status, headers } = response
  const reason = `the hub answers ${status}${headers.get("x-error-message") ? ` (${headers.get("x-error-message")})` : ""}`
  if (status === 429 || status === 408 || status >= 500) {
    const wait = retryAfter(headers, now)
    return new Passing({ reason, ...(wait === undefined ? {} : { wait }) })
  }
  const found = kinds[headers.get("x-error-code") ?? ""] ?? kinds[status] ?? "answer"
  const kind = found === "file" && asked.path === undefined ? "repository" : found
  return new HubError({ kind, ...asked, reason })
}

/**
 * Asks once, following redirects, and gives the answer when it is a good one; its body must be read within the scope.
 * The token goes to the hub alone, never to where it redirects.
 */
export const ask = (
  settings: HubSettings,
  url: string,
  asked: Asked,
  headers: Readonly<Record<string, string>> = {}
): Effect.Effect<Response, HubError | Passing, Scope.Scope> =>
  Effect.gen(function* () {
    const controller = new AbortController()
    yield* Effect.addFinalizer(() => Effect.sync(() => controller.abort()))
    if (!URL.canParse(url))
      return yield* new HubError({ kind: "answer", ...asked, reason: `${url} is no address; one begins with https://` })
    const hub = new URL(settings.endpoint)
    let at = new URL(url)
    for (let hop = 0; hop <= HOPS; hop++) {
      const own = settings.token !== undefined && at.origin === hub.origin
      const authorization = own ? { authorization: `Bearer ${Redacted.value(settings.token!)}` } : {}
      const response = yield* Effect.tryPromise({
        try: () =>
          fetch(at, {
            // Sizes and ranges count the bytes of the file itself.
            headers: { "accept-encoding": "identity", "user-agent": "rewardflow", ...headers, ...authorization },
            redirect: "manual",
            signal: controller.signal
          }),
        catch: (cause) => new Passing({ reason: `${at.host} cannot be reached (${reasonOf(cause)})`, unreached: true })
      }).pipe(
        Effect.timeoutOrElse({
          duration: HEAD,
          orElse: () => Effect.fail(new Passing({ reason: `${at.host} does not answer` }))
        })
      )
      const target = response.headers.get("location")
      if (response.status < 300 || response.status >= 400 || target === null) {
        const good = response.ok || response.status === 416
        return good ? response : yield* refusal(response, asked, yield* Clock.currentTimeMillis)
      }
      const next = URL.canParse(target, at.href) ? new URL(target, at) : undefined
      if (next === undefined || !(next.protocol === "https:" || next.protocol === at.protocol))
        return yield* new HubError({ kind: "answer", ...asked, reason: "it redirects to an address that is not safe" })
      at = next
    }
    return yield* new HubError({ kind: "answer", ...asked, reason: `it redirects more than ${HOPS} times` })
  })

/** What the platform says of a failed request; the cause of a "fetch failed" says more than it does. */
export const reasonOf = (cause: unknown): string => {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  return inner instanceof Error ? inner.message || inner.name : String(inner)
}

/** First pause, longest pause, in milliseconds. */
const PAUSES = [500, 8000] as const

/**
 * Tries again while failures may pass: after as long as the hub asks, else after pauses that double, with jitter.
 *
 * @param patience milliseconds without any progress after which it gives up
 * @param reach the same while no connection is made: `unreachable`
 */
export const persist = <A, R>(
  attempt: Effect.Effect<A, HubError | Passing, R>,
  asked: Asked,
  patience: number,
  reach?: number
): Effect.Effect<A, HubError, R> =>
  Effect.gen(function* () {
    let since = yield* Clock.currentTimeMillis
    for (let failures = 0; ; failures++) {
      const result = yield* Effect.result(attempt)
      if (result._tag === "Success") return result.success
      const error = result.failure
      if (error._tag === "HubError") return yield* error
      const now = yield* Clock.currentTimeMillis
      if (error.progress === true) [since, failures] = [now, 0]
      const pause = Math.min(PAUSES[0] * 2 ** failures, PAUSES[1]) * (0.5 + (yield* Random.next) / 2)
      const wait = error.wait ?? pause
      const brief = reach !== undefined && error.unreached === true
      if (now + wait - since > (brief ? Math.min(reach, patience) : patience))
        return yield* new HubError({ kind: brief ? "unreachable" : "unavailable", ...asked, reason: error.reason })
      yield* Effect.sleep(wait)
    }
  })
