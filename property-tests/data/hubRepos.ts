import type { ServedRepo } from "./hubServer.ts"

export const [first, second] = ["1".repeat(40), "2".repeat(40)]
export const small = Buffer.from("small")
export const large = Buffer.from(Array.from({ length: 40_000 }, (_, i) => (i * 31) % 251))
/** A large file, an empty one, one content twice, and a path that must be escaped. */
export const files = {
  "README.md": small,
  "data/train.jsonl": large,
  "empty.txt": Buffer.alloc(0),
  "a b/ü#?.txt": small
}

/** What the test hub serves. */
export const repos: ReadonlyArray<ServedRepo> = [
  {
    kind: "dataset",
    id: "lab/set",
    branches: { main: second, v1: first, "refs/convert/parquet": first },
    commits: { [first]: { "README.md": small }, [second]: files }
  },
  { kind: "model", id: "lab/net", branches: { main: first }, commits: { [first]: { "config.json": small } } },
  { kind: "model", id: "lab/private", access: "private", branches: { main: first }, commits: { [first]: files } },
  { kind: "model", id: "lab/gated", access: "gated", branches: { main: first }, commits: { [first]: files } }
]
