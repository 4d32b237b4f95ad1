import { type Command, isActive } from "./decode.ts"
import { type DictNode, leaves, type Node, printOrigin, type Value } from "./Node.ts"
import { allKeys } from "./RunConfig.ts"
import { plainScalar } from "./readYaml.ts"

const PLAIN = /^[A-Za-z0-9_/][A-Za-z0-9_./ +-]*$/

/** A scalar, list or section on one line of YAML. */
const inline = (value: Value): string => {
  if (value === null) return "null"
  if (typeof value === "number") {
    if (Object.is(value, -0)) return "-0.0"
    if (!Number.isFinite(value)) return Number.isNaN(value) ? ".nan" : value > 0 ? ".inf" : "-.inf"
    return String(value)
  }
  if (typeof value === "boolean") return String(value)
  if (typeof value === "string") return text(value)
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`
  return `{${Object.entries(value)
    .map(([key, v]) => `${text(key)}: ${inline(v)}`)
    .join(", ")}}`
}

const text = (value: string): string =>
  PLAIN.test(value) && value === value.trim() && plainScalar(value) === value ? value : JSON.stringify(value)

const lines = (
  node: Node,
  note: (key: string, node: Node) => string,
  prefix: string,
  indent: string
): ReadonlyArray<string> => {
  if (node._tag !== "Dict") return []
  return [...node.entries].flatMap(([name, child]) => {
    const key = prefix === "" ? name : `${prefix}.${name}`
    if (child._tag === "Dict" && child.entries.size > 0)
      return [`${indent}${text(name)}:`, ...lines(child, note, key, `${indent}  `)]
    return [`${indent}${text(name)}: ${inline(leaves(child)[0]!.value)}${note(key, child)}`]
  })
}

/** A configuration as YAML that reads back as the same, each value with where it came from as a comment. */
export const printConfig = (config: DictNode): string =>
  `${lines(config, (_, node) => `  # ${printOrigin(node.origin)}`, "", "").join("\n")}\n`

/** The same of a decoded configuration, which also says which keys do not matter. */
export const printRunConfig = (tree: DictNode, command?: Command): string => {
  const note = (key: string, node: Node): string => {
    // The fields of a record stand and fall with it.
    const whole = allKeys.has(key) ? key : key.slice(0, key.lastIndexOf("."))
    return `  # ${printOrigin(node.origin)}${isActive(tree, whole, command) ? "" : ", does not matter here"}`
  }
  return `${lines(tree, note, "", "").join("\n")}\n`
}
