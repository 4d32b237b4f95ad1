import { importsOf, type Source } from "./architecture.ts"

/** What a page may load: everything that these reach must do without Node. */
export const pageEntries: ReadonlyArray<string> = [
  "src/index.ts",
  "src/backends/reference/index.ts",
  "src/backends/tfjs/index.ts",
  "src/backends/onnx/web/index.ts"
]

/** Packages that need Node. */
const nodeOnly = /^(node:|onnxruntime-node$|@effect\/platform-node|@tensorflow\/tfjs-node)/

/** What only Node has as a global, by the expressions that read it. */
const nodeGlobal = /\b(?:process\.[a-z]|Buffer\.[a-z]|new Buffer\b|__dirname\b|__filename\b|setImmediate\()/g

/** Files that a page may load and that ask for Node when they are there, with what keeps pages away from it. */
const edges: Readonly<Record<string, string>> = {
  "src/backends/tfjs/device/gpu.ts": "asks whether there is a `process` first",
  "src/backends/tfjs/device/node.ts": "asks the same first, and refuses pages",
  "src/core/figure/toPdf.ts": "pdfkit, which it loads when it is called, brings the `Buffer` that it is given"
}

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|(?:^|\s)\/\/[^\n]*/g, "")

/** Everything that would stop a page from loading its entries, in words, with the way by which a page gets there. */
export const pageFaults = (
  sources: ReadonlyArray<Source>,
  entries: ReadonlyArray<string> = pageEntries
): ReadonlyArray<string> => {
  const known = new Map(sources.map((source) => [source.path, source]))
  const cameFrom = new Map<string, string | undefined>(entries.map((entry) => [entry, undefined]))
  const wayTo = (path: string): string => {
    const before = cameFrom.get(path)
    return before === undefined ? path : `${wayTo(before)} -> ${path}`
  }
  const faults = entries.filter((entry) => !known.has(entry)).map((entry) => `${entry} is not there`)
  for (const path of cameFrom.keys()) {
    const source = known.get(path)
    if (source === undefined) continue
    for (const { to, local } of importsOf(source)) {
      if (!local && nodeOnly.test(to)) faults.push(`a page loads ${to}: ${wayTo(path)}`)
      if (local && !cameFrom.has(to)) cameFrom.set(to, path)
    }
    const found = edges[path] === undefined ? withoutComments(source.text).match(nodeGlobal) : null
    if (found !== null) faults.push(`a page has no ${found[0]}…: ${wayTo(path)}`)
  }
  return faults
}
