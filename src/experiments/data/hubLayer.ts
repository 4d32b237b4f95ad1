import { homedir } from "node:os"
import { Effect, FileSystem, Layer, type PlatformError } from "effect"
import { Hub, HubError, type Listing, type Repo } from "../../core/data/index.ts"
import { downloadBlob } from "./downloadBlob.ts"
import {
  blobName,
  cachedFiles,
  isInside,
  parentOf,
  point,
  pointer,
  readRef,
  readTree,
  repoFolder,
  type TreeEntry,
  writeRef,
  writeTree
} from "./hubCache.ts"
import { askCommit, askTree } from "./hubListing.ts"
import { downloadProgress } from "./hubProgress.ts"
import { type HubSettings, hubSettings } from "./hubSettings.ts"

/** How a hub is reached; the environment says the rest (`hubSettings`). */
export interface HubOptions {
  /** Default: the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Folder of the user. Default: that of the system. */
  readonly home?: string
  /** Milliseconds without any progress after which a request is given up. Default 120 000. */
  readonly patience?: number
}

type Local<A> = Effect.Effect<A, HubError, FileSystem.FileSystem>

const COMMIT = /^[0-9a-f]{40}$/

const storage =
  (repo: Repo, path?: string) =>
  (cause: PlatformError.PlatformError): HubError =>
    new HubError({ kind: "storage", repo, ...(path === undefined ? {} : { path }), reason: cause.message, cause })

const offline = (repo: Repo, reason: string, path?: string) =>
  new HubError({ kind: "offline", repo, ...(path === undefined ? {} : { path }), reason })

/** Names become folders of the cache, so they must not lead elsewhere. */
const sound = (repo: Repo): Effect.Effect<string, HubError> => {
  const { id, revision = "main" } = repo
  if (!/^[\w.-]+(\/[\w.-]+)?$/.test(id) || !isInside(id) || id.includes("--"))
    return new HubError({ kind: "repository", repo, reason: "its name is not ORGANISATION/NAME" })
  return isInside(revision)
    ? Effect.succeed(revision)
    : new HubError({ kind: "revision", repo, reason: "it is no name of a revision" })
}

const commitOf = (settings: HubSettings, repo: Repo, patience: number): Local<string> =>
  Effect.gen(function* () {
    const revision = yield* sound(repo)
    if (COMMIT.test(revision)) return revision
    const folder = repoFolder(settings.cache, repo)
    if (settings.offline) {
      const commit = yield* readRef(folder, revision)
      return commit ?? (yield* offline(repo, "it is not in the cache, and HF_HUB_OFFLINE is set"))
    }
    const commit = yield* askCommit(settings, repo, revision, patience)
    yield* writeRef(folder, revision, commit).pipe(Effect.mapError(storage(repo)))
    return commit
  })

const entriesOf = (settings: HubSettings, repo: Repo, commit: string, patience: number) =>
  Effect.gen(function* () {
    const folder = repoFolder(settings.cache, repo)
    const known = yield* readTree(folder, commit)
    if (known !== undefined || settings.offline) return known
    const entries = yield* askTree(settings, repo, commit, patience)
    yield* writeTree(folder, commit, entries).pipe(Effect.mapError(storage(repo)))
    return entries
  })

const list = (settings: HubSettings, repo: Repo, patience: number): Local<Listing> =>
  Effect.gen(function* () {
    const commit = yield* commitOf(settings, repo, patience)
    const entries = yield* entriesOf(settings, repo, commit, patience)
    if (entries !== undefined) return { repo, commit, files: entries.map(({ path, bytes }) => ({ path, bytes })) }
    const files = yield* cachedFiles(repoFolder(settings.cache, repo), commit).pipe(Effect.mapError(storage(repo)))
    return files.length > 0
      ? { repo, commit, files }
      : yield* offline(repo, `nothing of commit ${commit} is in the cache, and HF_HUB_OFFLINE is set`)
  })

/** Has one file of a commit in the cache. */
const fetchFile = (
  settings: HubSettings,
  { repo, commit }: Pick<Listing, "repo" | "commit">,
  entry: TreeEntry,
  patience: number
): Local<void> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { path, bytes } = entry
    const folder = repoFolder(settings.cache, repo)
    const blob = `${folder}/blobs/${blobName(entry)}`
    if (!(yield* fs.exists(blob).pipe(Effect.mapError(storage(repo, path))))) {
      const prefix = repo.kind === "dataset" ? "datasets/" : ""
      const file = path.split("/").map(encodeURIComponent).join("/")
      const progress = yield* downloadProgress(path, bytes, settings.quiet)
      yield* downloadBlob(settings, {
        asked: { repo, path },
        url: `${settings.endpoint}/${prefix}${repo.id}/resolve/${commit}/${file}`,
        entry,
        blob,
        patience,
        onBytes: progress.received
      }).pipe(Effect.ensuring(progress.done))
    }
    yield* point(folder, commit, path, blobName(entry)).pipe(Effect.mapError(storage(repo, path)))
  })

const fetchFiles = (
  settings: HubSettings,
  listing: Pick<Listing, "repo" | "commit">,
  paths: ReadonlyArray<string>,
  patience: number
): Local<string> =>
  Effect.gen(function* () {
    const { repo, commit } = listing
    const fs = yield* FileSystem.FileSystem
    yield* sound(repo)
    if (!COMMIT.test(commit)) return yield* new HubError({ kind: "revision", repo, reason: `${commit} is no commit` })
    const folder = repoFolder(settings.cache, repo)
    const there = (path: string) => fs.exists(pointer(folder, commit, path)).pipe(Effect.mapError(storage(repo, path)))
    const wanted = yield* Effect.filter(paths, (path) =>
      isInside(path)
        ? Effect.map(there(path), (is) => !is)
        : new HubError({ kind: "file", repo, path, reason: "it leads out of the repository's folder" })
    )
    if (wanted.length > 0 && settings.offline)
      return yield* offline(repo, "it is not in the cache, and HF_HUB_OFFLINE is set", wanted[0])
    const entries = wanted.length === 0 ? [] : yield* entriesOf(settings, repo, commit, patience)
    for (const path of wanted) {
      const entry = entries?.find((e) => e.path === path)
      if (entry === undefined)
        return yield* new HubError({ kind: "file", repo, path, reason: `commit ${commit} does not hold it` })
      yield* fetchFile(settings, listing, entry, patience)
    }
    return parentOf(pointer(folder, commit, "-"))
  })

/**
 * The Hugging Face hub, or what answers like it, over its HTTP interface, its cache laid out as the other tools of the
 * hub expect it, so that a file fetched by one is there for all.
 *
 * @see specs/28-hub.md
 */
export const hubLayer = ({
  env = process.env,
  home = homedir(),
  patience = 120_000
}: HubOptions = {}): Layer.Layer<Hub, never, FileSystem.FileSystem> =>
  Layer.effect(
    Hub,
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const settings = yield* hubSettings(env, home)
      const local = Effect.provideService(FileSystem.FileSystem, fs)
      return {
        list: (repo) => local(list(settings, repo, patience)),
        fetch: (listing, paths) => local(fetchFiles(settings, listing, paths, patience))
      }
    })
  )
