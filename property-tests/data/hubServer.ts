import { createHash } from "node:crypto"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** A repository of the test hub: its branches, and the files of each commit by path. */
export interface ServedRepo {
  readonly kind: "model" | "dataset"
  readonly id: string
  readonly branches: Readonly<Record<string, string>>
  readonly commits: Readonly<Record<string, Readonly<Record<string, Uint8Array>>>>
  /** Private: needs the token. Gated: the hub knows who asks, and refuses. */
  readonly access?: "private" | "gated"
}

/** What goes wrong with one request, the first whose address holds `on`. */
export interface Fault {
  readonly on: string
  /** Answers with this status and these headers. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sends so many bytes of the body, then drops the connection. */
  readonly cutAt?: number
  /** Sends these bytes instead. */
  readonly body?: Uint8Array
  /** Does as if it knew no ranges. */
  readonly ignoreRange?: boolean
}

export interface Seen {
  readonly url: string
  readonly headers: IncomingMessage["headers"]
  /** Whether it came to the storage that files are redirected to. */
  readonly storage: boolean
  /** When it came, in milliseconds. */
  readonly at: number
}

export interface HubServer {
  readonly endpoint: string
  readonly seen: ReadonlyArray<Seen>
  /** Requests still to be spoilt; taken from the front. */
  readonly faults: Array<Fault>
  readonly forget: () => void
  readonly close: () => Promise<void>
}

export const token = "hf_testTokenNeverPrinted"
/** Files of this size and more are large: they lie in a storage of their own, under their sha256. */
export const LARGE = 1000
const PAGE = 2

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")
export const gitSha1 = (bytes: Uint8Array): string =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex")

/** What git holds of a large file. */
const lfsPointer = (bytes: Uint8Array): Uint8Array =>
  Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(bytes)}\nsize ${bytes.length}\n`)

const refuse = (response: ServerResponse, status: number, code: string): void => {
  response.writeHead(status, { "x-error-code": code, "x-error-message": `${code} it is` })
  response.end()
}

const send = (
  request: IncomingMessage,
  response: ServerResponse,
  content: Uint8Array,
  headers: Readonly<Record<string, string>>,
  fault: Fault = { on: "" }
): void => {
  const body = fault.body ?? content
  const range = fault.ignoreRange === true ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "")
  const start = Number(range?.[1] ?? 0)
  if (range !== null && start >= body.length) {
    response.writeHead(416, { "content-range": `bytes */${body.length}` })
    response.end()
    return
  }
  const end = range?.[2] ? Number(range[2]) + 1 : body.length
  response.writeHead(range === null ? 200 : 206, {
    ...headers,
    "accept-ranges": "bytes",
    "content-length": String(end - start),
    ...(range === null ? {} : { "content-range": `bytes ${start}-${end - 1}/${body.length}` })
  })
  if (request.method === "HEAD") response.end()
  else if (fault.cutAt === undefined) response.end(body.subarray(start, end))
  else response.write(body.subarray(start, start + fault.cutAt), () => setTimeout(() => response.destroy(), 20))
}

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)))

/** Answers as the hub does, on loopback, with a storage at another address that refuses tokens, as the real one does. */
export const hubServer = async (repos: ReadonlyArray<ServedRepo>): Promise<HubServer> => {
  const seen: Array<Seen> = []
  const faults: Array<Fault> = []
  const faultOf = (url: string): Fault | undefined => {
    const at = faults.findIndex((f) => url.includes(f.on))
    return at < 0 ? undefined : faults.splice(at, 1)[0]
  }
  const failed = (response: ServerResponse, fault: Fault | undefined): boolean => {
    if (fault?.status === undefined) return false
    response.writeHead(fault.status, fault.headers)
    response.end("busy")
    return true
  }
  const blobs = new Map(
    repos.flatMap((r) => Object.values(r.commits).flatMap((files) => Object.values(files).map((b) => [sha256(b), b])))
  )

  const storage = createServer((request, response) => {
    const url = request.url ?? ""
    seen.push({ url, headers: request.headers, storage: true, at: performance.now() })
    const fault = faultOf(url)
    if (request.headers.authorization !== undefined) return refuse(response, 400, "OnlyOneAuthMechanism")
    if (failed(response, fault)) return
    send(request, response, blobs.get(url.slice(url.lastIndexOf("/") + 1))!, {}, fault)
  })
  const storagePort = await listen(storage)

  const hub = createServer((request, response) => {
    const url = request.url ?? ""
    seen.push({ url, headers: request.headers, storage: false, at: performance.now() })
    const fault = faultOf(url)
    if (failed(response, fault)) return
    const { pathname, searchParams } = new URL(url, "http://hub")
    const known = request.headers.authorization === `Bearer ${token}`
    const match = /^(?:\/api)?(\/datasets|\/models)?\/([\w.-]+\/[\w.-]+)\/(revision|tree|resolve)\/(.+)$/.exec(pathname)
    const [, prefix, id = "", verb = "", rest = ""] = match ?? []
    const kind = prefix === "/datasets" ? "dataset" : "model"
    const repo = repos.find((r) => r.kind === kind && r.id === id)
    if (repo === undefined || (repo.access === "private" && !known)) return refuse(response, 401, "RepoNotFound")
    if (repo.access === "gated" && verb === "resolve") return refuse(response, 403, "GatedRepo")
    const commitOf = (revision: string) =>
      repo.branches[revision] ?? (repo.commits[revision] === undefined ? undefined : revision)
    const [revision = "", ...path] = rest.split("/").map(decodeURIComponent)
    const commit = commitOf(revision)
    if (commit === undefined) return refuse(response, 404, "RevisionNotFound")
    const files = repo.commits[commit]!
    const origin = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`
    const json = { "content-type": "application/json" }
    if (verb === "revision") {
      const siblings = Object.keys(files).map((rfilename) => ({ rfilename }))
      return send(request, response, Buffer.from(JSON.stringify({ id, sha: commit, siblings })), json, fault)
    }
    if (verb === "tree") {
      const folders = new Set(
        Object.keys(files).flatMap((p) => (p.includes("/") ? [p.slice(0, p.lastIndexOf("/"))] : []))
      )
      const all = [
        ...[...folders].map((p) => ({ type: "directory", oid: "0".repeat(40), size: 0, path: p })),
        ...Object.entries(files).map(([p, b]) => ({
          type: "file",
          path: p,
          size: b.length,
          ...(b.length < LARGE
            ? { oid: gitSha1(b) }
            : {
                oid: gitSha1(lfsPointer(b)),
                lfs: { oid: sha256(b), size: b.length, pointerSize: lfsPointer(b).length }
              })
        }))
      ]
      const from = Number(searchParams.get("cursor") ?? 0)
      const more = from + PAGE < all.length
      const next = `${origin}${pathname}?recursive=true&cursor=${from + PAGE}`
      const link: Readonly<Record<string, string>> = more ? { link: `<${next}>; rel="next"` } : {}
      return send(
        request,
        response,
        Buffer.from(JSON.stringify(all.slice(from, from + PAGE))),
        { ...json, ...link },
        fault
      )
    }
    const content = files[path.join("/")]
    if (content === undefined) return refuse(response, 404, "EntryNotFound")
    const headers = { "x-repo-commit": commit }
    if (content.length < LARGE)
      return send(request, response, content, { ...headers, etag: `"${gitSha1(content)}"` }, fault)
    response.writeHead(302, {
      ...headers,
      "x-linked-etag": `"${sha256(content)}"`,
      "x-linked-size": String(content.length),
      location: `http://127.0.0.1:${storagePort}/cdn/${sha256(content)}`
    })
    response.end()
  })
  const port = await listen(hub)
  const close = (server: Server) => new Promise<void>((resolve) => server.close(() => resolve()))
  return {
    endpoint: `http://127.0.0.1:${port}`,
    seen,
    faults,
    forget: () => {
      seen.length = 0
      faults.length = 0
    },
    close: async () => {
      for (const server of [hub, storage]) server.closeAllConnections()
      await Promise.all([close(hub), close(storage)])
    }
  }
}
