import type { Node } from "../../../../core/program/index.ts"
import { Shapes } from "../../../../core/tensor/index.ts"
import type { Rule } from "../Plan.ts"
import { launch } from "./launch.ts"

const last = ({ shape }: Node): number => shape[shape.length - 1]!

const guarded = (size: number, ...lines: ReadonlyArray<string>) => ({
  head: "",
  body: [`if (index >= ${size}) { return; }`, ...lines],
  invocations: size
})

export const gather: Rule<"Gather"> = ({ view, node }) => {
  const [rows, width] = view.nodes[node.args[0]!]!.shape as readonly [number, number]
  const shader = guarded(
    Shapes.size(node.shape),
    `result[index] = x0[x1[index / ${width}] * ${width} + index % ${width}];`
  )
  return {
    args: node.args,
    run: (k, xs) => {
      k.engine.within(k, "Gather", xs[1]!, rows)
      return launch(k, node, xs, shader)
    }
  }
}

export const gatherElements: Rule<"GatherElements"> = ({ view, node }) => {
  const width = last(view.nodes[node.args[0]!]!)
  const shader = guarded(Shapes.size(node.shape), `result[index] = x0[(index / ${last(node)}) * ${width} + x1[index]];`)
  return {
    args: node.args,
    run: (k, xs) => {
      k.engine.within(k, "GatherElements", xs[1]!, width)
      return launch(k, node, xs, shader)
    }
  }
}

/** Every element of the result looks for what is added to it, in order: no two write to one place. */
export const scatterElements: Rule<"ScatterElements"> = ({ view, node, op }) => {
  const width = last(view.nodes[node.args[0]!]!)
  const shader = guarded(
    Shapes.size(node.shape),
    `let begin = (index / ${op.size}) * ${width};`,
    `let own = index % ${op.size};`,
    "var total = 0f;",
    `for (var i = begin; i < begin + ${width}; i++) { if (x0[i] == own) { total += x1[i]; } }`,
    "result[index] = total;"
  )
  return {
    args: node.args,
    run: (k, xs) => {
      k.engine.within(k, "ScatterElements", xs[0]!, op.size)
      return launch(k, node, xs, shader)
    }
  }
}

/**
 * Rows are added in the order of their ids' positions, the same each time. A first shader links them: the first position
 * of each row, then for each position the next of the same row, -1 where there is none.
 */
export const scatterRows: Rule<"ScatterRows"> = ({ view, node, op }) => {
  const count = Shapes.size(view.nodes[node.args[0]!]!.shape)
  const width = last(node)
  const links: Node = { op: { _tag: "Full", value: 0 }, args: [], shape: [op.rows + count], dtype: "i32" }
  const linking = guarded(
    op.rows + count,
    `let own = select(index, x0[max(index - ${op.rows}, 0)], index >= ${op.rows});`,
    "var found = -1;",
    `for (var i = max(index - ${op.rows} + 1, 0); i < ${count}; i++) { if (x0[i] == own) { found = i; break; } }`,
    "result[index] = found;"
  )
  const adding = guarded(
    Shapes.size(node.shape),
    "var total = 0f;",
    `var at = x0[index / ${width}];`,
    `loop { if (at < 0) { break; } total += x1[at * ${width} + index % ${width}]; at = x0[${op.rows} + at]; }`,
    "result[index] = total;"
  )
  return {
    args: node.args,
    run: (k, [ids, updates]) => {
      k.engine.within(k, "ScatterRows", ids!, op.rows)
      return launch(k, node, [launch(k, links, [ids!], linking), updates!], adding)
    }
  }
}

/** Four bits, counted from the lowest of the first word. */
const nibble = (words: string, i: string): string => `((${words}[(${i}) / 8] >> u32(((${i}) % 8) * 4)) & 15)`

export const dequantize: Rule<"Dequantize"> = ({ view, node, op }) => {
  const blocks = last(view.nodes[node.args[1]!]!)
  const shader = guarded(
    Shapes.size(node.shape),
    `let n = index / ${op.width};`,
    `let c = index % ${op.width};`,
    `let b = c / ${op.block};`,
    `let code = ${nibble("x0", `n * ${blocks * op.block} + c`)};`,
    // Rows of zero points are padded to whole bytes, two to a byte.
    `let zero = ${nibble("x2", `n * ${Math.ceil(blocks / 2) * 2} + b`)};`,
    `result[index] = f32(code - zero) * x1[n * ${blocks} + b];`
  )
  return { args: node.args, run: (k, xs) => launch(k, node, xs, shader) }
}

/** Each element sums what is before it: rows are short, and order decides the last bits. */
export const cumSum: Rule<"CumSum"> = ({ node, op }) => {
  const width = node.shape[op.axis]!
  const inner = Shapes.strides(node.shape)[op.axis]!
  const outer = Shapes.size(node.shape) / width
  const at = (i: string): string => `base + ${op.reverse ? `(${width - 1} - ${i})` : i} * ${inner}`
  const shader = guarded(
    outer,
    `let base = (index / ${inner}) * ${inner * width} + index % ${inner};`,
    `var total = ${node.dtype === "f32" ? "0f" : "0"};`,
    `for (var i = 0; i < ${width}; i++) { total += x0[${at("i")}]; result[${at("i")}] = total; }`
  )
  return { args: node.args, run: (k, xs) => launch(k, node, xs, shader) }
}

/** The k largest of each row, found one after another: ties in order of index. */
const topK =
  <T extends "TopKValues" | "TopKIndices">(written: "top" | "best"): Rule<T> =>
  ({ view, node }) => {
    const width = last(view.nodes[node.args[0]!]!)
    const k = last(node)
    const shader = guarded(
      Shapes.size(node.shape) / k,
      `let base = index * ${width};`,
      "var before = uniforms.INFINITY;",
      "var taken = -1;",
      `for (var i = 0; i < ${k}; i++) {`,
      "var best = -1;",
      "var top = -uniforms.INFINITY;",
      `for (var c = 0; c < ${width}; c++) {`,
      "let x = x0[base + c];",
      "if ((x < before || (x == before && c > taken)) && (best < 0 || x > top)) { top = x; best = c; }",
      "}",
      `result[index * ${k} + i] = ${written};`,
      "before = top; taken = best;",
      "}"
    )
    return { args: node.args, run: (arena, xs) => launch(arena, node, xs, shader) }
  }

export const topKValues = topK<"TopKValues">("top")
export const topKIndices = topK<"TopKIndices">("best")
