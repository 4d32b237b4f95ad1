import { Effect } from "effect"
import { address, Hub, HubError, type Listing, type Repo } from "./Hub.ts"
import { splitFiles } from "./splitFiles.ts"

/** Splits of a published data set, by the names that they go by, and the folders that they may lie in. */
export interface PublishedSplits {
  /** Each split by its names; of several the first that is there counts. */
  readonly splits: ReadonlyArray<ReadonlyArray<string>>
  /** Folders that are looked in beside the root, `data` and `default`, e.g. another configuration. */
  readonly within?: ReadonlyArray<string>
}

/** A folder with fetched files, and where they come from, to the commit. */
export interface Fetched {
  readonly folder: string
  readonly origin: string
}

/** The branch on which a hub keeps a data set's rows as Parquet, whatever they were uploaded as. */
const CONVERTED = "refs/convert/parquet"

const wantedFiles = (
  { repo, files }: Listing,
  { splits, within = [] }: PublishedSplits
): Effect.Effect<ReadonlyArray<string>, HubError> => {
  const paths = files.map((f) => f.path)
  if (paths.includes("dataset_dict.json")) {
    const saved = splits.flatMap((names) => names.find((n) => paths.includes(`${n}/state.json`)) ?? [])
    const own = paths.filter((path) => saved.some((name) => path.startsWith(`${name}/`)))
    return Effect.succeed(own.length === 0 ? [] : ["dataset_dict.json", ...own])
  }
  const found = splits.map((names) => splitFiles(paths, names, within))
  const broken = found.find((f) => f._tag === "Incomplete")
  return broken === undefined
    ? Effect.succeed(found.flatMap((f) => (f._tag === "Files" ? f.paths : [])))
    : Effect.fail(new HubError({ kind: "file", repo, path: broken.path, reason: broken.reason }))
}

/**
 * Has the files of these splits at hand: those of the repository, or, where it holds the rows in no form that can be
 * read, those that the hub converted to Parquet. Other files, e.g. images, are not fetched.
 */
export const fetchSplits = (repo: Repo, wanted: PublishedSplits): Effect.Effect<Fetched, HubError, Hub> =>
  Effect.gen(function* () {
    const hub = yield* Hub
    const get = (listing: Listing, paths: ReadonlyArray<string>) =>
      Effect.map(hub.fetch(listing, paths), (folder): Fetched => ({ folder, origin: address(listing) }))
    const own = yield* hub.list(repo)
    const files = yield* wantedFiles(own, wanted)
    if (files.length > 0) return yield* get(own, files)
    const names = wanted.splits.flat().join(" or ")
    const none = new HubError({ kind: "file", repo, reason: `it holds no ${names} as JSON lines, Parquet or Arrow` })
    const converted = yield* hub.list({ ...repo, revision: CONVERTED }).pipe(
      Effect.catchIf(
        (e) => e.kind === "revision",
        () => Effect.fail(none)
      )
    )
    const parquet = yield* wantedFiles(converted, wanted)
    return parquet.length > 0 ? yield* get(converted, parquet) : yield* none
  })
