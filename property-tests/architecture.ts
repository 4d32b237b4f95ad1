import { posix } from "node:path"

/** A source file: its path from the repository root, and its text. */
export interface Source {
  readonly path: string
  readonly text: string
}

/** One import of a file, types included. */
export interface Import {
  readonly from: string
  /** A repository path, or a package. */
  readonly to: string
  readonly local: boolean
  readonly dynamic: boolean
}

/** The folders of src/core, lowest first; those of one row may import each other as long as no circle closes. */
const stack: ReadonlyArray<ReadonlyArray<string>> = [
  ["tensor"],
  ["program"],
  ["kernel"],
  ["transform", "service"],
  ["lowering"],
  [
    "optim",
    "objective",
    "model",
    "adapter",
    "text",
    "reward",
    "data",
    "result",
    "checkpoint",
    "task",
    "evaluation",
    "suite",
    "figure",
    "explorer",
    "run",
    "sampling",
    "config"
  ],
  ["learner"],
  ["laws"]
]

/** Where each package may be imported in src; a package that is not listed may be imported nowhere. */
const packages: ReadonlyArray<readonly [pattern: RegExp, units: ReadonlyArray<string>]> = [
  [/^effect(\/|$)/, ["src"]],
  [/^node:(worker_threads|module)$/, ["src/backends/onnx", "src/experiments", "src/cli.ts"]],
  [/^node:/, ["src/experiments", "src/cli.ts"]],
  [/^@effect\/platform-node/, ["src/experiments", "src/cli.ts"]],
  [/^onnxruntime-/, ["src/backends/onnx"]],
  [/^protobufjs/, ["src/backends/onnx"]],
  [/^(@tensorflow\/|webgpu$)/, ["src/backends/tfjs"]],
  [/^(@observablehq\/plot|d3|linkedom|pdfkit$|@resvg\/)/, ["src/core/figure"]],
  [/^@huggingface\//, ["src/core/text"]],
  [/^(apache-arrow|hyparquet)$/, ["src/core/data"]],
  [/^@cortex-js\//, ["src/experiments/answers"]],
  [/^fast-check$/, ["src/core/laws"]],
  [/^yaml$/, ["src/core/run", "src/core/config", "src/experiments"]]
]

const sizeLimit = 350

const importPattern =
  /(?:^|\n)\s*(?:import|export)\b[^"'();]*?\bfrom\s+"([^"]+)"|(?:^|\n)\s*import\s+"([^"]+)"|\bimport\("([^"]+)"\)/g

/** The imports of a file, dynamic ones and types included. */
export const importsOf = ({ path, text }: Source): ReadonlyArray<Import> =>
  [...text.matchAll(importPattern)].map((m) => {
    const to = (m[1] ?? m[2] ?? m[3])!
    const local = to.startsWith(".")
    return {
      from: path,
      to: local ? posix.normalize(posix.join(posix.dirname(path), to)) : to,
      local,
      dynamic: m[3] !== undefined
    }
  })

/** The smallest part with an interface of its own: a folder of core, a backend, the experiments, a top file. */
const unitOf = (path: string): string => {
  const parts = path.split("/")
  if (parts[0] !== "src") return parts[0]!
  return parts.slice(0, parts[1] === "core" || parts[1] === "backends" ? 3 : 2).join("/")
}

/** Height in the stack: imports go from higher to lower, or stay within a row of core. */
const heightOf = (unit: string): number => {
  const [, part, name] = unit.split("/")
  if (part === "core") return stack.findIndex((row) => row.includes(name!))
  return part === "backends" ? stack.length : part === "experiments" ? stack.length + 1 : stack.length + 2
}

const within = (path: string, unit: string): boolean => path === unit || path.startsWith(`${unit}/`)

const edgeFault = ({ from, to, dynamic }: Import): string | undefined => {
  const [source, target] = [unitOf(from), unitOf(to)]
  if (source === target) return undefined
  if (!target.startsWith("src"))
    return from.startsWith("src/") ? `${from} imports ${to}, which is no source` : undefined
  // Commands load their experiment when they are called, so that others start quickly.
  const lazy = source === "src/cli.ts" && target === "src/experiments" && dynamic
  // A file that lies directly in src/experiments is one experiment, and its own face.
  const experiment = posix.dirname(to) === "src/experiments" && from.startsWith("property-tests/")
  if (posix.basename(to) !== "index.ts" && !lazy && !experiment)
    return `${from} imports ${to}: import the folder's index.ts`
  if (!source.startsWith("src")) return undefined
  const [high, low] = [heightOf(source), heightOf(target)]
  if (high < 0 || low < 0) return `${from} imports ${to}: a folder that the stack does not list`
  if (high < low) return `${from} imports ${to}: imports point down only`
  if (high === low && !source.startsWith("src/core")) return `${from} imports ${to}: siblings do not know each other`
  return undefined
}

const packageFault = ({ from, to }: Import): string | undefined => {
  if (!from.startsWith("src/")) return undefined
  const allowed = packages.find(([pattern]) => pattern.test(to))?.[1]
  if (allowed === undefined) return `${from} imports ${to}: a package that property-tests/architecture.ts does not list`
  return allowed.some((unit) => within(from, unit))
    ? undefined
    : `${from} imports ${to}: it belongs in ${allowed.join(" or ")}`
}

/** A circle of names, if the edges close one. */
const circle = (edges: ReadonlyMap<string, ReadonlySet<string>>): ReadonlyArray<string> | undefined => {
  const done = new Set<string>()
  const visit = (at: string, trail: ReadonlyArray<string>): ReadonlyArray<string> | undefined => {
    if (trail.includes(at)) return [...trail.slice(trail.indexOf(at)), at]
    if (done.has(at)) return undefined
    for (const next of edges.get(at) ?? []) {
      const found = visit(next, [...trail, at])
      if (found !== undefined) return found
    }
    done.add(at)
    return undefined
  }
  for (const at of edges.keys()) {
    const found = visit(at, [])
    if (found !== undefined) return found
  }
  return undefined
}

const edgesBy = (imports: ReadonlyArray<Import>, name: (path: string) => string) => {
  const edges = new Map<string, Set<string>>()
  for (const { from, to, local } of imports) {
    if (!local || name(from) === name(to)) continue
    edges.set(name(from), (edges.get(name(from)) ?? new Set()).add(name(to)))
  }
  return edges
}

/** Everything in which the sources break the architecture, in words. */
export const faults = (sources: ReadonlyArray<Source>): ReadonlyArray<string> => {
  const imports = sources.flatMap(importsOf)
  const long = sources.flatMap(({ path, text }) => {
    const lines = text.split("\n").length - 1
    return lines > sizeLimit ? [`${path} has ${lines} lines: split it below ${sizeLimit}`] : []
  })
  const wrong = imports.map((i) => (i.local ? edgeFault(i) : packageFault(i))).filter((f) => f !== undefined)
  const circles = [circle(edgesBy(imports, (path) => path)), circle(edgesBy(imports, unitOf))]
  return [
    ...long,
    ...wrong,
    ...circles.flatMap((c) => (c === undefined ? [] : [`imports run in a circle: ${c.join(" -> ")}`]))
  ]
}
