import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { faults, type Source } from "./architecture.ts"
import { pageEntries, pageFaults } from "./pageClean.ts"

const root = new URL("../", import.meta.url)

const sources: ReadonlyArray<Source> = ["src", "specs", "property-tests", "examples"].flatMap((folder) =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })
    .map((path) => `${folder}/${path.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".ts"))
    .map((path) => ({ path, text: readFileSync(new URL(path, root), "utf8") }))
)

const planted = (path: string, text: string): ReadonlyArray<string> => faults([{ path, text }])

describe("architecture", () => {
  it("law: imports point down, to an index, never to a sibling or in a circle; packages stay in their folder", () =>
    expect(faults(sources)).toEqual([]))

  it("golden: the sources are found", () => {
    expect(sources.map((s) => s.path)).toContain("src/core/program/Op.ts")
    expect(sources.length).toBeGreaterThan(100)
  })

  it.each([
    ["src/core/program/a.ts", 'import { x } from "../transform/index.ts"', "imports point down only"],
    ["src/core/program/a.ts", 'import type { x } from "../learner/index.ts"', "imports point down only"],
    ["src/core/tensor/a.ts", 'import {\n  type A,\n  b\n} from "../program/index.ts"', "imports point down only"],
    ["src/core/optim/a.ts", 'export { x } from "../../backends/reference/index.ts"', "imports point down only"],
    ["src/backends/onnx/a.ts", 'import { x } from "../../experiments/index.ts"', "imports point down only"],
    ["src/backends/onnx/a.ts", 'import { x } from "../reference/index.ts"', "siblings do not know each other"],
    ["src/core/model/a.ts", 'import { x } from "../program/Expr.ts"', "import the folder's index.ts"],
    ["specs/a.spec.ts", 'import { x } from "../src/core/program/Expr.ts"', "import the folder's index.ts"],
    ["src/cli.ts", 'import { x } from "./experiments/quickstart.ts"', "import the folder's index.ts"],
    ["src/core/model/a.ts", 'import { x } from "../../../property-tests/laws.ts"', "which is no source"],
    ["src/core/novel/a.ts", 'import { x } from "../tensor/index.ts"', "a folder that the stack does not list"],
    ["src/core/model/a.ts", 'const x = await import("onnxruntime-node")', "it belongs in src/backends/onnx"],
    ["src/backends/reference/a.ts", 'import "protobufjs/minimal.js"', "it belongs in src/backends/onnx"],
    ["src/core/learner/a.ts", 'import * as Plot from "@observablehq/plot"', "it belongs in src/core/figure"],
    ["src/core/data/a.ts", 'import { readFileSync } from "node:fs"', "it belongs in src/experiments or src/cli.ts"],
    ["src/core/data/a.ts", 'import x from "left-pad"', "does not list"],
    ["src/core/data/a.ts", "\n".repeat(351), "351 lines"]
  ])("error: %s with %j", (path, text, message) => expect(planted(path, text).join()).toContain(message))

  it("error: circles of files and of folders are found", () => {
    expect(
      faults([
        { path: "src/core/model/a.ts", text: 'import { b } from "./b.ts"' },
        { path: "src/core/model/b.ts", text: 'import type { a } from "./a.ts"' }
      ])
    ).toEqual(["imports run in a circle: src/core/model/a.ts -> src/core/model/b.ts -> src/core/model/a.ts"])
    expect(
      faults([
        { path: "src/core/text/a.ts", text: 'import { b } from "../data/index.ts"' },
        { path: "src/core/data/b.ts", text: 'import type { a } from "../text/index.ts"' }
      ])
    ).toEqual(["imports run in a circle: src/core/text -> src/core/data -> src/core/text"])
  })

  it("edge: commands may load their experiment when they are called", () =>
    expect(planted("src/cli.ts", 'const x = () => import("./experiments/quickstart.ts")')).toEqual([]))
})

describe("what a page loads", () => {
  it("law: core and the backends of pages reach nothing of Node", () => expect(pageFaults(sources)).toEqual([]))

  it.each([
    ['import { readFileSync } from "node:fs"', "a page loads node:fs: src/index.ts -> src/core/data/a.ts"],
    ['const x = () => import("onnxruntime-node")', "a page loads onnxruntime-node: src/index.ts -> src/core/data/a.ts"],
    ["export const x = process.env", "a page has no process.e…: src/index.ts -> src/core/data/a.ts"],
    ["export const x = Buffer.from([1])", "a page has no Buffer.f…: src/index.ts -> src/core/data/a.ts"]
  ])("error: %s is found where a page comes to it", (text, message) => {
    const entry = { path: "src/index.ts", text: 'export * from "./core/data/a.ts"' }
    expect(pageFaults([entry, { path: "src/core/data/a.ts", text }], ["src/index.ts"])).toEqual([message])
  })

  it("edge: what no page comes to may need Node, and comments may name it", () => {
    const entry = { path: "src/index.ts", text: "// process.env\nexport const x = 1" }
    const edge = { path: "src/experiments/a.ts", text: 'import { x } from "node:fs"' }
    expect(pageFaults([entry, edge], ["src/index.ts"])).toEqual([])
  })

  it("error: an entry that has moved is missed", () =>
    expect(pageFaults([], pageEntries)).toEqual(pageEntries.map((entry) => `${entry} is not there`)))
})
