import { Effect, Schema } from "effect"
import { HubError, type Repo } from "../../core/data/index.ts"
import { isInside, type TreeEntry } from "./hubCache.ts"
import { ask, Passing, persist, reasonOf } from "./hubRequest.ts"
import type { HubSettings } from "./hubSettings.ts"

const Info = Schema.Struct({ sha: Schema.String.check(Schema.isPattern(/^[0-9a-f]{40}$/)) })

const hex = (length: number) => Schema.String.check(Schema.isPattern(new RegExp(`^[0-9a-f]{${length}}$`)))
const Bytes = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const Page = Schema.Array(
  Schema.Union([
    Schema.Struct({
      type: Schema.Literal("file"),
      path: Schema.String.check(
        Schema.makeFilter((path) => (isInside(path) ? undefined : "leads out of the repository's folder"))
      ),
      size: Bytes,
      oid: hex(40),
      lfs: Schema.optionalKey(Schema.NullOr(Schema.Struct({ oid: hex(64), size: Bytes })))
    }),
    Schema.Struct({ type: Schema.Literal("directory") })
  ])
)

/**
 * Milliseconds in which a connection must come about before anything was received. A name may be a folder that is spelt
 * wrong, and the machine without a network: who waits for minutes learns it no better.
 */
const REACH = 3000

/** Asks for JSON, again while failures may pass; the answer, and the address of its next page. */
const askJson = <A>(settings: HubSettings, url: string, repo: Repo, schema: Schema.Decoder<A>, patience: number) => {
  const attempt = Effect.gen(function* () {
    const response = yield* ask(settings, url, { repo })
    const text = yield* Effect.tryPromise({
      try: () => response.text(),
      catch: (cause) => new Passing({ reason: `the answer broke off (${reasonOf(cause)})` })
    })
    const value = yield* Schema.decodeUnknownEffect(Schema.fromJsonString(schema))(text).pipe(
      Effect.mapError((cause) => new HubError({ kind: "answer", repo, reason: `not as expected: ${cause.message}` }))
    )
    return { value, next: /<([^>]+)>\s*;\s*rel="?next"?/.exec(response.headers.get("link") ?? "")?.[1] }
  })
  return persist(Effect.scoped(attempt), { repo }, patience, REACH)
}

const api = ({ endpoint }: HubSettings, { kind, id }: Repo): string => `${endpoint}/api/${kind}s/${id}`

/** The commit that a branch, tag or reference means now. */
export const askCommit = (
  settings: HubSettings,
  repo: Repo,
  revision: string,
  patience: number
): Effect.Effect<string, HubError> =>
  Effect.map(
    askJson(settings, `${api(settings, repo)}/revision/${encodeURIComponent(revision)}`, repo, Info, patience),
    ({ value }) => value.sha
  )

/** All files of a commit, page by page. */
export const askTree = (
  settings: HubSettings,
  repo: Repo,
  commit: string,
  patience: number
): Effect.Effect<ReadonlyArray<TreeEntry>, HubError> =>
  Effect.gen(function* () {
    const entries: Array<TreeEntry> = []
    let url: string | undefined = `${api(settings, repo)}/tree/${commit}?recursive=true&expand=false`
    while (url !== undefined) {
      const page: { readonly value: typeof Page.Type; readonly next: string | undefined } = yield* askJson(
        settings,
        url,
        repo,
        Page,
        patience
      )
      for (const entry of page.value)
        if (entry.type === "file") {
          const { path, size, oid: gitSha1, lfs } = entry
          entries.push({ path, bytes: lfs?.size ?? size, gitSha1, sha256: lfs?.oid })
        }
      // Relative to this page; what is no address is refused when it is asked.
      const base: string = url
      url = page.next !== undefined && URL.canParse(page.next, base) ? new URL(page.next, base).href : page.next
    }
    return entries
  })
