/** Which files of a folder or repository hold a split, in order; or why none can be read. */
export type SplitFiles =
  | { readonly _tag: "Files"; readonly name: string; readonly paths: ReadonlyArray<string> }
  /** Part of it is there, which is never read as the whole. */
  | { readonly _tag: "Incomplete"; readonly path: string; readonly reason: string }
  | { readonly _tag: "None"; readonly forms: ReadonlyArray<string> }

/** Endings of a split in one file. */
export const endings = [".jsonl", ".jsonl.gz", ".json", ".parquet", ".arrow"] as const

const SHARD = /-(\d{5})-of-(\d{5})(?:-[0-9a-f]+)?\.parquet$/
const PART = /\/(\d{4,5})\.parquet$/

/** Folders that a split is looked for in: the root, `data`, the configuration `default`, and those named. */
export const homesOf = (within: ReadonlyArray<string>): ReadonlyArray<string> => ["", "data", "default", ...within]

/** A path within a folder; "" is the folder itself. */
export const joinPath = (folder: string, path: string): string =>
  folder === "" ? path : path === "" ? folder : `${folder}/${path}`

interface Numbered {
  readonly path: string
  readonly number: number
  readonly total: number
}

const complete = (name: string, found: ReadonlyArray<Numbered>): SplitFiles => {
  const total = Math.max(...found.map((f) => f.total))
  const numbers = new Set(found.map((f) => f.number))
  const missing = Array.from({ length: total }, (_, i) => i).filter((i) => !numbers.has(i))
  if (missing.length === 0)
    return { _tag: "Files", name, paths: found.toSorted((a, b) => a.number - b.number).map((f) => f.path) }
  const reason = `shard ${missing.join(", ")} of ${total} is missing; fetch it`
  return { _tag: "Incomplete", path: found[0]!.path, reason }
}

const inHome = (paths: ReadonlyArray<string>, at: string): SplitFiles | undefined => {
  const whole = endings.map((ending) => at + ending).find((path) => paths.includes(path))
  if (whole !== undefined) return { _tag: "Files", name: at, paths: [whole] }
  const numbered = (prefix: string, pattern: RegExp) =>
    paths.flatMap((path): ReadonlyArray<Numbered> => {
      const match = path.startsWith(prefix) ? pattern.exec(path.slice(at.length)) : null
      if (match === null || match.index !== 0) return []
      const number = Number(match[1])
      return [{ path, number, total: match[2] === undefined ? number + 1 : Number(match[2]) }]
    })
  const found = [numbered(`${at}-`, SHARD), numbered(`${at}/`, PART)].find((all) => all.length > 0)
  return found === undefined ? undefined : complete(at, found)
}

/**
 * The files of a split, as data sets are published: `<split>.jsonl`, `.jsonl.gz`, `.json`, `.parquet` or `.arrow`; shards
 * `<split>-00000-of-0000K.parquet`; or `<split>/0000.parquet` and on, as a hub converts them. They are looked for in the
 * root, in `data`, in `default`, and in the folders of `within`.
 *
 * @param paths files from the root
 * @param names of the split; of several the first that is there counts
 */
export const splitFiles = (
  paths: ReadonlyArray<string>,
  names: ReadonlyArray<string>,
  within: ReadonlyArray<string> = []
): SplitFiles => {
  for (const name of names)
    for (const home of homesOf(within)) {
      const found = inHome(paths, joinPath(home, name))
      if (found !== undefined) return found
    }
  const forms = names.flatMap((name) => [
    ...endings.map((ending) => name + ending),
    `${name}-00000-of-0000K.parquet`,
    `${name}/0000.parquet`
  ])
  return { _tag: "None", forms }
}
