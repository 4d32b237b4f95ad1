import { existsSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { putBacks } from "./putBack.ts"

const note = readFileSync("specs/43-defects.md", "utf8")

/** Whether a file has a test of this name. */
const has = (file: string, name: string): boolean => existsSync(file) && readFileSync(file, "utf8").includes(name)

interface Entry {
  readonly n: number
  readonly tests: ReadonlyArray<{ readonly file: string; readonly name: string }>
}

const evaluation = note
  .slice(note.indexOf("## Evaluation"))
  .matchAll(/^\| (\d+) \|.*\| (.*) \|$/gm)
  .map(
    ([, n, cell]): Entry => ({
      n: Number(n),
      tests: cell!.split(" <br> ").map((test) => {
        const [, file, name] = /^`([^`]+)`: (.+)$/.exec(test) ?? []
        return { file: file ?? test, name: `defect ${n}: ${name}` }
      })
    })
  )
  .toArray()

describe("the register of defects", () => {
  it("law: has each of the 32 defects of evaluation once, in order", () =>
    expect(evaluation.map(({ n }) => n)).toEqual(Array.from({ length: 32 }, (_, i) => i + 1)))

  it.each(evaluation)("law: the tests of defect $n exist", ({ tests }) => {
    expect(tests.length).toBeGreaterThan(0)
    for (const { file, name } of tests) expect(has(file, `("${name}"`), `${file}: ${name}`).toBe(true)
  })

  it("law: each of the 19 defects of training has a test in the files that its row names", () => {
    const rows = [...note.matchAll(/^\| (D\d+) \|.*\| ([^|]*) \|$/gm)]
    expect(rows.map(([, name]) => name)).toEqual(Array.from({ length: 19 }, (_, i) => `D${i + 1}`))
    for (const [, name, where] of rows)
      for (const [, file] of where!.matchAll(/`(\w+)`/g))
        expect(has(`property-tests/defects/${file}.test.ts`, `${name}: `), `${file}: ${name}`).toBe(true)
  })

  it("law: each defect of evaluation can be put back, in a file that is there, to be caught by a test of its name", () => {
    const all = putBacks()
    expect([...new Set(all.map(({ n }) => n))]).toEqual(evaluation.map(({ n }) => n))
    for (const { n, in: source, by } of all) {
      expect(existsSync(source), source).toBe(true)
      expect(has(by, `defect ${n}: `), `${by}: defect ${n}`).toBe(true)
    }
  })
})
