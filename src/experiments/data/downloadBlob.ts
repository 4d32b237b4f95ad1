import { createHash } from "node:crypto"
import { Effect, FileSystem, type PlatformError, Stream } from "effect"
import { HubError } from "../../core/data/index.ts"
import { blobName, parentOf, type TreeEntry } from "./hubCache.ts"
import { type Asked, ask, Passing, persist, reasonOf } from "./hubRequest.ts"
import type { HubSettings } from "./hubSettings.ts"

/** A file to download. */
export interface Download {
  readonly asked: Asked
  readonly url: string
  readonly entry: TreeEntry
  /** Where it goes, named by its content. */
  readonly blob: string
  /** Milliseconds without progress after which it is given up. */
  readonly patience: number
  /** Told how many bytes are there. */
  readonly onBytes: (received: number) => Effect.Effect<void>
}

type Running<A> = Effect.Effect<A, HubError | Passing, FileSystem.FileSystem>

/** Milliseconds that a body may stand still. */
const STALL = 60_000

const storage = (asked: Asked) => (cause: PlatformError.PlatformError) =>
  new HubError({ kind: "storage", ...asked, reason: cause.message, cause })

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return cause instanceof Error && "code" in cause && cause.code === "EPERM"
  }
}

let downloads = 0

/** Files that this process receives into now. */
const inUse = new Set<string>()

/**
 * The file to receive into: what an ended process left of this blob, else a new one. It is named after this process, so
 * that two never write into the same file; renaming decides who continues one.
 */
const claim = (blob: string): Effect.Effect<string, PlatformError.PlatformError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const mine = `${blob}.${process.pid}-${downloads++}.incomplete`
    inUse.add(mine)
    const [home, name] = [parentOf(blob), blob.slice(blob.lastIndexOf("/") + 1)]
    yield* fs.makeDirectory(home, { recursive: true })
    for (const left of yield* fs.readDirectory(home)) {
      if (!left.startsWith(`${name}.`) || !left.endsWith(".incomplete")) continue
      const pid = Number(/\.(\d+)-\d+\.incomplete$/.exec(left)?.[1] ?? 0)
      if (pid > 0 && (pid === process.pid ? inUse.has(`${home}/${left}`) : isAlive(pid))) continue
      const taken = yield* Effect.result(fs.rename(`${home}/${left}`, mine))
      if (taken._tag === "Success") break
    }
    return mine
  })

const sizeOf = (part: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) =>
    fs.stat(part).pipe(
      Effect.map((info) => Number(info.size)),
      Effect.orElseSucceed(() => 0)
    )
  )

/** Whether a file is what its name in the tree says. */
const isSound = (part: string, { sha256, gitSha1, bytes }: TreeEntry) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const hash = sha256 === undefined ? createHash("sha1").update(`blob ${bytes}\0`) : createHash("sha256")
    yield* Stream.runForEach(fs.stream(part), (chunk) => Effect.sync(() => void hash.update(chunk)))
    return hash.digest("hex") === (sha256 ?? gitSha1)
  })

/** Appends a body, and fails when it breaks off or is longer than the file. */
const receive = (response: Response, part: string, from: number, { asked, entry, onBytes }: Download): Running<void> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const file = yield* fs.open(part, { flag: from === 0 ? "w" : "a" }).pipe(Effect.mapError(storage(asked)))
    const reader = response.body?.getReader()
    let received = from
    const broken = (why: string) =>
      new Passing({
        reason: `the file broke off after ${received} of ${entry.bytes} bytes (${why})`,
        progress: received > from
      })
    while (reader !== undefined) {
      const { done, value } = yield* Effect.tryPromise({
        try: () => reader.read(),
        catch: (cause) => broken(reasonOf(cause))
      }).pipe(Effect.timeoutOrElse({ duration: STALL, orElse: () => Effect.fail(broken("nothing more came")) }))
      if (done) break
      if (received + value.length > entry.bytes)
        return yield* new HubError({ kind: "corrupt", ...asked, reason: `it is longer than its ${entry.bytes} bytes` })
      yield* file.writeAll(value).pipe(Effect.mapError(storage(asked)))
      received += value.length
      yield* onBytes(received)
    }
    if (received < entry.bytes) return yield* broken("the connection was closed")
  }).pipe(Effect.scoped)

const attempt = (settings: HubSettings, part: string, download: Download): Running<void> =>
  Effect.gen(function* () {
    const { asked, entry, url } = download
    const fs = yield* FileSystem.FileSystem
    const discard = fs.remove(part, { force: true }).pipe(Effect.mapError(storage(asked)))
    const there = yield* sizeOf(part)
    if (there < entry.bytes || there === 0) {
      const response = yield* ask(settings, url, asked, there === 0 ? {} : { range: `bytes=${there}-` })
      const start = Number(/^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1] ?? Number.NaN)
      if (response.status === 416 || (response.status === 206 && start !== there)) {
        yield* discard
        return yield* new Passing({ reason: "the hub sends another part than was asked for" })
      }
      // Without ranges the hub sends all of it again.
      yield* receive(response, part, response.status === 206 ? there : 0, download).pipe(
        Effect.tapError((e) => (e._tag === "HubError" && e.kind === "corrupt" ? discard : Effect.void))
      )
    }
    if (yield* isSound(part, entry).pipe(Effect.mapError(storage(asked)))) return
    yield* discard
    const reason = `its checksum is not ${blobName(entry)}`
    // What an earlier process left may have been spoilt; a file received in one go was not.
    return yield* there > 0 ? new Passing({ reason }) : new HubError({ kind: "corrupt", ...asked, reason })
  }).pipe(Effect.scoped)

/**
 * Downloads a file, continuing what an earlier attempt or process left of it. Its checksum is compared before it takes
 * its name, so a blob in the cache is whole and right.
 */
export const downloadBlob = (
  settings: HubSettings,
  download: Download
): Effect.Effect<void, HubError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { asked, blob, patience } = download
    const part = yield* claim(blob).pipe(Effect.mapError(storage(asked)))
    yield* persist(attempt(settings, part, download), asked, patience).pipe(
      Effect.andThen(fs.rename(part, blob).pipe(Effect.mapError(storage(asked)))),
      Effect.ensuring(Effect.sync(() => inUse.delete(part)))
    )
  })
