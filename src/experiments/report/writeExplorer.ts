import { createHash } from "node:crypto"
import { promisify } from "node:util"
import { deflateRaw } from "node:zlib"
import { Effect, FileSystem } from "effect"
import type { Selector } from "../../core/evaluation/index.ts"
import { type NamedRows, overviewOf, pack, pageScript, renderExplorer } from "../../core/explorer/index.ts"
import { Censuses, ResultFile, type ResultProblem } from "../../core/result/index.ts"
import { NothingToReport } from "./places.ts"

const deflate = promisify(deflateRaw)

const packedText = (value: unknown): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => deflate(JSON.stringify(value))),
    (bytes) => bytes.toString("base64")
  )

/** Problems of a file in words; a file may be read all the same. */
const problemNotes = (name: string, problems: ReadonlyArray<ResultProblem>): ReadonlyArray<string> =>
  problems.map((problem) => `${name}: ${Censuses.describe(problem)}`)

export interface ExplorerOptions {
  readonly files: ReadonlyArray<{ readonly name: string; readonly file: string }>
  readonly output: string
  readonly selector: Selector
  readonly title: string
  /** A page beside it that sums up the run. */
  readonly report?: string
}

/** Reads result files and writes them as one page; gives what it found. */
export const writeExplorer = Effect.fnUntraced(function* ({ files, output, selector, title, report }: ExplorerOptions) {
  const fs = yield* FileSystem.FileSystem
  const read = yield* Effect.forEach(files, ({ name, file }) =>
    Effect.map(ResultFile.read(file), ({ rows, problems }) => ({ name, rows, notes: problemNotes(name, problems) }))
  )
  const present: ReadonlyArray<NamedRows> = read.filter(({ rows }) => rows.length > 0)
  if (present.length === 0)
    return yield* new NothingToReport({ path: files.map(({ file }) => file).join(", "), reason: "no row is a rollout" })
  const { index, blocks } = pack(present, { selector })
  const page = renderExplorer({
    title,
    ...(report === undefined ? {} : { report }),
    files: present.map((file) => overviewOf(file, selector)),
    notes: read.flatMap(({ notes }) => notes),
    index: yield* packedText(index),
    blocks: yield* Effect.forEach(blocks, packedText),
    scriptHash: createHash("sha256").update(pageScript).digest("base64")
  })
  yield* fs.writeFileString(output, page)
  return { rollouts: index.rollouts.file.length, files: present.length, notes: read.flatMap(({ notes }) => notes) }
})
