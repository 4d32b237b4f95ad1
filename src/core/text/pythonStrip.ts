import type { Template } from "@huggingface/jinja"

/** What Python counts as white space: `str.isspace`. JavaScript knows U+FEFF beside, and not U+001C to U+001F, U+0085. */
const blank = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"

const escaped = (characters: string): string => characters.replace(/[\\\]^-]/gu, "\\$&")

const stripper = (left: boolean, right: boolean) => {
  return (text: unknown, characters?: unknown): string => {
    if (typeof text !== "string") throw new Error("strip is for strings")
    const set = typeof characters === "string" ? escaped(characters) : blank
    if (set === "") return text
    const start = left ? text.replace(new RegExp(`^[${set}]+`, "u"), "") : text
    return right ? start.replace(new RegExp(`[${set}]+$`, "u"), "") : start
  }
}

/** The functions that a program calls after `withPythonStrip`. Their names are no identifiers of Jinja. */
export const stripFunctions = {
  $strip: stripper(true, true),
  $lstrip: stripper(true, false),
  $rstrip: stripper(false, true)
}

type Node = { type: string } & Record<string, unknown>

const isNode = (x: unknown): x is Node => typeof x === "object" && x !== null && "type" in x

const methods: ReadonlyArray<unknown> = ["strip", "lstrip", "rstrip"]

/** `text.strip(…)` and `text | trim` as calls `$strip(text, …)`; the node itself changes. */
const rewrite = (node: Node): void => {
  const { callee, filter, operand } = node
  if (node.type === "CallExpression" && isNode(callee) && callee.type === "MemberExpression") {
    const { property, object, computed } = callee
    if (computed === true || !isNode(property) || !methods.includes(property["value"])) return
    node["args"] = [object, ...(node["args"] as ReadonlyArray<unknown>)]
    node["callee"] = Object.assign(property, { value: `$${property["value"]}` })
  }
  if (node.type === "FilterExpression" && isNode(filter) && filter["value"] === "trim") {
    Object.assign(node, { type: "CallExpression", callee: Object.assign(filter, { value: "$strip" }), args: [operand] })
  }
}

const walk = (x: unknown): void => {
  if (Array.isArray(x)) for (const item of x) walk(item)
  else if (x instanceof Map) walk([...x].flat())
  else if (isNode(x)) {
    for (const child of Object.values(x)) walk(child)
    rewrite(x)
  }
}

/**
 * The program with Python's `strip`, `lstrip` and `rstrip`: the library's own leave their argument unread, and all
 * of them, like its `trim`, remove what JavaScript takes for white space.
 */
export const withPythonStrip = (program: Template["parsed"]): Template["parsed"] => {
  walk(program)
  return program
}
