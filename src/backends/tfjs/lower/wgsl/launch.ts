import type { TensorInfo } from "@tensorflow/tfjs-core"
import type { Node } from "../../../../core/program/index.ts"
import { type Arena, tfType } from "../../Arena.ts"
import { groupSize } from "../../kernel/shader.ts"

/** How many invocations share one result: one, or all of a work group. */
export type Lanes = 1 | typeof groupSize

export interface Launch {
  readonly head: string
  readonly body: ReadonlyArray<string>
  readonly invocations: number
}

/** Runs a shader whose result is a node's value. */
export const launch = (k: Arena, node: Node, inputs: ReadonlyArray<TensorInfo>, { head, body, invocations }: Launch) =>
  k.run("RewardflowShader", inputs, {
    head,
    body: body.join("\n"),
    invocations,
    shape: [...node.shape],
    dtype: tfType[node.dtype]
  })

/** Rows this long are worth a work group each. */
const longRow = 128

/** How many lanes share a result that folds so many elements. */
export type LanesFor = (length: number) => Lanes

/** Where invocations of a group meet at no cost to speak of. */
export const inGroups: LanesFor = (length) => (length >= longRow ? groupSize : 1)

/** Where each meeting costs more than what is shared: on processors. */
export const alone: LanesFor = () => 1

/** Space in which a work group folds, where it does. */
export const shared = (lanes: Lanes): string => (lanes === 1 ? "" : `var<workgroup> folded : array<f32, ${lanes}>;`)

/**
 * The statements at the start of a body: which result this invocation works on, and from which element on. Invocations
 * beyond the last result repeat that one, so that all of a work group meet at its barriers.
 */
export const lane = (lanes: Lanes, results: number): ReadonlyArray<string> =>
  lanes === 1
    ? [`if (index >= ${results}) { return; }`, "let o = index;", "let first = 0;"]
    : [`let o = min(index / ${lanes}, ${results - 1});`, "let first = i32(localIndex);"]

/** Folds a variable over the lanes of a work group: afterwards all have the same. */
export const fold = (name: string, lanes: Lanes, join: (a: string, b: string) => string): ReadonlyArray<string> => {
  if (lanes === 1) return []
  const halves: Array<string> = []
  for (let width = lanes / 2; width >= 1; width /= 2) {
    const joined = join("folded[localIndex]", `folded[localIndex + ${width}u]`)
    halves.push(`if (localIndex < ${width}u) { folded[localIndex] = ${joined}; }`, "workgroupBarrier();")
  }
  return [
    `folded[localIndex] = ${name};`,
    "workgroupBarrier();",
    ...halves,
    `${name} = folded[0];`,
    "workgroupBarrier();"
  ]
}
