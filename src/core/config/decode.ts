import { Data, Result, Runtime, Schema } from "effect"
import { absences, type ConfigProblem, contradictions } from "./consistency.ts"
import { evaluationProblems } from "./evaluationRules.ts"
import { evaluatedKeys } from "./keys/evaluation.ts"
import type { Condition, Rejection } from "./keys/Key.ts"
import { rejections } from "./keys/rejections.ts"
import {
  type DictNode,
  dict,
  fromValue,
  isMissing,
  type Leaf,
  type Node,
  type Origin,
  printOrigin,
  select,
  toValue,
  updateAt,
  type Value
} from "./Node.ts"
import { nearestName } from "./nearestName.ts"
import { printValue } from "./Override.ts"
import { type AnyKey, allKeys, type RunConfig, runConfigSchema, sections } from "./RunConfig.ts"

/** A configuration that composes but says what cannot be done; all that is wrong with it. */
export class InvalidConfig extends Data.TaggedError("InvalidConfig")<{
  readonly problems: ReadonlyArray<ConfigProblem>
}> {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    const lines = this.problems.map(({ key, origin, reason }) => `  ${printOrigin(origin)}: ${key}: ${reason}`)
    return ["The configuration cannot be used:", ...lines].join("\n")
  }
}

/** A configuration that can be run. */
export interface DecodedConfig {
  readonly config: RunConfig
  /** All keys that matter with their origins, those that were not given with their defaults. */
  readonly tree: DictNode
  /** Keys that were left out because `dropRejected` asked for it. */
  readonly dropped: ReadonlyArray<ConfigProblem>
}

/** What a configuration is for: keys of one may do nothing for the other. */
export type Command = "train" | "evaluate"

export interface DecodeOptions {
  /** What it is for, `train` by default. */
  readonly command?: Command
  /** Leaves out keys of the reference that cannot change what is learned, instead of refusing them. */
  readonly dropRejected?: boolean
}

const DEFAULT: Origin = { _tag: "Default" }

const equal = (a: Value, b: Value): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Leaves down to known keys: what a key takes as a whole is one leaf. */
const knownLeaves = (node: Node, prefix = ""): ReadonlyArray<Leaf & { readonly node: Node }> => {
  if (prefix !== "" && (allKeys.has(prefix) || Object.hasOwn(rejections, prefix)))
    return [{ key: prefix, value: toValue(node), origin: node.origin, node }]
  if (node._tag !== "Dict" || node.entries.size === 0) {
    const emptySection = node._tag === "Dict" && Object.hasOwn(sections, prefix)
    return emptySection ? [] : [{ key: prefix, value: toValue(node), origin: node.origin, node }]
  }
  return [...node.entries].flatMap(([name, v]) => knownLeaves(v, prefix === "" ? name : `${prefix}.${name}`))
}

const lastName = (key: string): string => key.slice(key.lastIndexOf(".") + 1)

/** Names are compared without their section: the right key in the wrong one is nearer than any spelling. */
const unknownReason = (key: string): string => {
  const all = [...allKeys.keys(), ...Object.keys(rejections)]
  const near = nearestName(lastName(key), all.map(lastName))
  const section = key.slice(0, key.length - lastName(key).length)
  const found = all.includes(`${section}${near}`) ? `${section}${near}` : all.find((each) => lastName(each) === near)
  return `there is no such key. Did you mean ${found}?`
}

const rejectedReason = ({ because, accepts = [] }: Rejection, key: string): string => {
  const allowed = accepts.length === 0 ? "" : ` It may only be ${accepts.map(printValue).join(" or ")}.`
  return `${because}${allowed} To leave it out: ~${key}`
}

const refusedReason = (key: AnyKey, value: Value): string | undefined => {
  for (const each of Array.isArray(value) ? value : [value])
    if (typeof each === "string" && key.refused !== undefined && Object.hasOwn(key.refused, each))
      return `${each}: ${key.refused[each]}`
  return undefined
}

const schemaReason = (key: AnyKey, value: Value): string | undefined => {
  const decoded = Schema.decodeUnknownResult(key.schema)(value, { errors: "all", onExcessProperty: "error" })
  return Result.isSuccess(decoded) ? undefined : decoded.failure.message.replace(/\s*\n\s*/g, " ")
}

const holds = (condition: Condition, valueOf: (key: string) => Value | undefined): boolean => {
  if ("either" in condition) return condition.either.some((c) => holds(c, valueOf))
  const has = (values: ReadonlyArray<Value>) => values.some((value) => equal(value, valueOf(condition.key) ?? null))
  return "not" in condition ? !has(condition.not) : has(condition.values)
}

/** A condition in words: `a is 1 or 2`, `a is not 0`. */
export const printCondition = (condition: Condition, quote = (text: string) => text): string => {
  if ("either" in condition) return condition.either.map((c) => printCondition(c, quote)).join(", or ")
  const [verb, values] = "not" in condition ? ["is not", condition.not] : ["is", condition.values]
  return `${quote(condition.key)} ${verb} ${values.map((value) => quote(printValue(value))).join(" or ")}`
}

/** Where a key matters to a command. */
const conditionsOf = (name: string, key: AnyKey, command: Command): ReadonlyArray<Condition> => {
  const { activeWhen = [] } = key
  const isEvaluations = activeWhen.some((c) => "key" in c && c.key === "command")
  if (command === "train" || isEvaluations) return activeWhen
  return evaluatedKeys[name] ?? [{ key: "command", values: ["train"] }]
}

/** The values that conditions look at: those of a tree, and what the configuration is for. */
const valuesOf = (tree: Node, command: Command) => (key: string) => (key === "command" ? command : valueAt(tree, key))

/** The condition that keeps a key from mattering, if one does. */
const inactive = (name: string, tree: Node, command: Command): Condition | undefined => {
  const key = allKeys.get(name)
  return key && conditionsOf(name, key, command).find((c) => !holds(c, valuesOf(tree, command)))
}

/** Whether a key matters in a tree that has its defaults. */
export const isActive = (tree: DictNode, name: string, command: Command = "train"): boolean =>
  allKeys.has(name) && inactive(name, tree, command) === undefined

const valueAt = (tree: Node, key: string): Value | undefined => {
  const node = select(tree, key.split("."))
  return node === undefined ? undefined : toValue(node)
}

const checkLeaf = ({ key, value, node }: Leaf & { readonly node: Node }): string | undefined => {
  const rejection = Object.hasOwn(rejections, key) ? rejections[key] : undefined
  if (rejection !== undefined)
    return rejection.accepts?.some((accepted) => equal(accepted, value)) ? undefined : rejectedReason(rejection, key)
  const known = allKeys.get(key)
  if (known === undefined) return unknownReason(key)
  if (isMissing(node)) return "it must be given."
  return refusedReason(known, value) ?? schemaReason(known, value)
}

const fits = (value: unknown): value is RunConfig => Schema.is(runConfigSchema())(value)

/** Known keys alone, in the order of the schema, each as it was given or by its default. */
const complete = (given: ReadonlyMap<string, Node>, origin: Origin): DictNode => {
  const tree = [...allKeys].reduce<Node>(
    (at, [name, key]) => {
      const node = given.get(name) ?? (key.default === undefined ? undefined : fromValue(key.default as Value, DEFAULT))
      return node === undefined ? at : updateAt(at, name.split("."), origin, () => node)
    },
    dict(new Map(), origin)
  )
  return tree._tag === "Dict" ? tree : dict(new Map(), origin)
}

/**
 * A composed and resolved configuration as a run's: every key is known and allowed, or everything that is wrong is
 * said at once, each with its file and line.
 *
 * @see specs/41-run-configuration.md
 */
export const decode = (
  composed: DictNode,
  { dropRejected = false, command = "train" }: DecodeOptions = {}
): Result.Result<DecodedConfig, InvalidConfig> => {
  const given = knownLeaves(composed)
  const faults = given.flatMap((leaf) => {
    const reason = checkLeaf(leaf)
    return reason === undefined ? [] : [{ key: leaf.key, origin: leaf.origin, reason }]
  })
  const droppable = (key: string) =>
    dropRejected && Object.hasOwn(rejections, key) && rejections[key]?.droppable === true
  const dropped = faults.filter(({ key }) => droppable(key))
  const tree = complete(new Map(given.map(({ key, node }) => [key, node])), composed.origin)
  const valueOf = valuesOf(tree, command)
  const idle = given.flatMap(({ key, origin }) => {
    const condition = origin._tag === "Override" ? inactive(key, tree, command) : undefined
    if (condition === undefined) return []
    return [{ key, origin, reason: `it does nothing here: it matters where ${printCondition(condition)}.` }]
  })
  const problems = [...faults.filter(({ key }) => !droppable(key)), ...idle]
  const reported = new Set(problems.map(({ key }) => key))
  const matters = (key: string) => isActive(tree, key, command)
  const more =
    command === "evaluate"
      ? evaluationProblems(tree, valueOf, matters)
      : [...absences(tree, valueOf, matters), ...(problems.length === 0 ? contradictions(tree, valueOf, matters) : [])]
  const all = [...problems, ...more.filter(({ key }) => !reported.has(key))]
  if (all.length > 0) return Result.fail(new InvalidConfig({ problems: all }))
  const config = toValue(tree)
  if (!fits(config)) throw new Error("keys that fit one by one do not fit together")
  return Result.succeed({ config, tree, dropped })
}
