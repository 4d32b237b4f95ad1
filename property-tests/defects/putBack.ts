import { spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parse } from "yaml"

/** A defect that is put back: in a file, one text in place of another. */
export interface PutBack {
  readonly n: number
  readonly in: string
  readonly find: string
  readonly put: string
  /** The file whose tests named `defect n:` fail then. */
  readonly by: string
}

/** All of them, in order. */
export const putBacks = (): ReadonlyArray<PutBack> =>
  parse(readFileSync(new URL("evaluationDefects.yaml", import.meta.url), "utf8"))

const root = new URL("../..", import.meta.url).pathname

/** A copy of the working tree, in which sources may be broken. */
const copyTree = (): string => {
  const tree = mkdtempSync(join(tmpdir(), "defects-"))
  const list = ["ls-files", "--cached", "--others", "--exclude-standard"]
  const { stdout } = spawnSync("git", list, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 })
  for (const file of stdout.trim().split("\n"))
    if (existsSync(join(root, file))) cpSync(join(root, file), join(tree, file))
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"))
  return tree
}

/** The defects all of whose tests in a file pass. Whole files are run: a test may read what an earlier one wrote. */
const passing = (tree: string, file: string): ReadonlySet<number> => {
  const report = join(tree, "report.json")
  rmSync(report, { force: true })
  const vitest = join(root, "node_modules/vitest/vitest.mjs")
  spawnSync("node", [vitest, "run", file, "--reporter=json", `--outputFile=${report}`], { cwd: tree })
  const { testResults } = JSON.parse(readFileSync(report, "utf8")) as {
    readonly testResults: ReadonlyArray<{
      readonly assertionResults: ReadonlyArray<{ readonly title: string; readonly status: string }>
    }>
  }
  const named = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .flatMap(({ title, status }) => {
      const n = /^defect (\d+):/.exec(title)?.[1]
      return n === undefined ? [] : [{ n: Number(n), passed: status === "passed" }]
    })
  const broken = new Set(named.filter(({ passed }) => !passed).map(({ n }) => n))
  return new Set(named.map(({ n }) => n).filter((n) => !broken.has(n)))
}

/** How it went with a defect: its tests must pass as things are, and fail when it is put back. */
const tried = (tree: string, { n, in: source, find, put, by }: PutBack, sound: ReadonlySet<number>): string => {
  const file = join(tree, source)
  const text = readFileSync(file, "utf8")
  if (text.split(find).length !== 2) return "TEXT NOT FOUND"
  if (!sound.has(n)) return "FAILS ALREADY"
  writeFileSync(
    file,
    text.replace(find, () => put)
  )
  const caught = !passing(tree, by).has(n)
  writeFileSync(file, text)
  return caught ? "caught" : "NOT CAUGHT"
}

if (import.meta.main) {
  const asked = new Set(process.argv.slice(2).map(Number))
  const tree = copyTree()
  const chosen = putBacks().filter(({ n }) => asked.size === 0 || asked.has(n))
  const sound = new Map([...new Set(chosen.map(({ by }) => by))].map((file) => [file, passing(tree, file)]))
  const outcomes = chosen.map((defect) => {
    const outcome = tried(tree, defect, sound.get(defect.by)!)
    process.stdout.write(`defect ${defect.n}, ${defect.in}: ${outcome}\n`)
    return outcome
  })
  rmSync(tree, { recursive: true })
  process.exitCode = outcomes.every((outcome) => outcome === "caught") ? 0 : 1
}
