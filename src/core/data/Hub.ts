import { Context, Data, type Effect } from "effect"

/** A repository of a hub at a revision. */
export interface Repo {
  readonly kind: "model" | "dataset"
  /** `organisation/name`, or a bare name. */
  readonly id: string
  /** A branch, a tag, a commit, or a full reference such as `refs/convert/parquet`. Default `main`. */
  readonly revision?: string
}

/** A file of a repository. */
export interface HubFile {
  /** From the repository's root, with `/`. */
  readonly path: string
  readonly bytes: number
}

/** The files of a repository at the commit that its revision meant when it was asked for. */
export interface Listing {
  readonly repo: Repo
  readonly commit: string
  readonly files: ReadonlyArray<HubFile>
}

/** The repository at its commit as one text: `hf://datasets/organisation/name@commit`. */
export const address = ({ repo, commit }: Pick<Listing, "repo" | "commit">): string =>
  `hf://${repo.kind === "dataset" ? "datasets/" : ""}${repo.id}@${commit}`

/** The repository that an address names: `hf://datasets/organisation/name@revision`, a model's without `datasets/`. */
export const parseAddress = (text: string): Repo | undefined => {
  const match = /^hf:\/\/(datasets\/)?([\w.-]+(?:\/[\w.-]+)?)(?:@(\S+))?$/.exec(text)
  if (match === null) return undefined
  const [, kind, id, revision] = match
  const repo = { kind: kind === undefined ? "model" : "dataset", id: id! } as const
  return revision === undefined ? repo : { ...repo, revision: decodeURIComponent(revision) }
}

const fixes = {
  unauthorized: "Set HF_TOKEN, or log in so that a token file is written, with a token that may read it",
  forbidden: "Accept the repository's conditions on its page with the account that the token belongs to",
  repository: "Check its name and kind; of a private one the hub says the same unless a token is given (HF_TOKEN)",
  revision: "Name a branch, a tag or a commit that the repository has",
  file: "Check the path, or name a revision that holds it",
  offline: "Unset HF_HUB_OFFLINE once to fetch it, or copy the cache from a machine that has it",
  unreachable:
    "Connect to the network, set HF_ENDPOINT to a hub that can be reached, or read what the cache has (HF_HUB_OFFLINE=1)",
  unavailable: "Try again later; what was received is kept, and is continued from",
  corrupt: "Try again; if it happens again, the file on the hub or a proxy on the way is damaged",
  answer: "Check that HF_ENDPOINT is a hub",
  storage: "Free disk space or fix the folder's rights, or choose another folder (HF_HUB_CACHE)"
} as const

/** Why a file of a hub cannot be had. The message names repository, revision and file, and the repair; never a token. */
export class HubError extends Data.TaggedError("HubError")<{
  readonly kind: keyof typeof fixes
  readonly repo: Repo
  /** The file meant; absent when it is the whole repository. */
  readonly path?: string
  readonly reason: string
  readonly cause?: unknown
}> {
  override get message(): string {
    const { kind, id, revision = "main" } = this.repo
    const file = this.path === undefined ? "" : `, file ${this.path}`
    return `${kind} ${id} at ${revision}${file}: ${this.reason}. ${fixes[this.kind]}.`
  }
}

/** Where models and data sets are published: files of a repository at a revision, kept in a cache on this machine. */
export class Hub extends Context.Service<
  Hub,
  {
    /** Resolves the revision, once, and lists the files that it holds. */
    readonly list: (repo: Repo) => Effect.Effect<Listing, HubError>
    /** Has these files of a listing at hand; the folder that holds them, each under its path, and maybe others. */
    readonly fetch: (
      listing: Pick<Listing, "repo" | "commit">,
      paths: ReadonlyArray<string>
    ) => Effect.Effect<string, HubError>
  }
>()("rewardflow/Hub") {}
