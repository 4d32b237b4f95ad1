import type { TensorInfo } from "@tensorflow/tfjs-core"
import { Shapes, Tensors } from "../../../core/tensor/index.ts"
import type { Arena } from "../Arena.ts"
import { broadcasting } from "./elementwise.ts"
import { attending, type Multiply, multiplying, scaled } from "./linear.ts"
import type { Rule, Rules } from "./Plan.ts"
import { standard } from "./standard.ts"

const reshape = (k: Arena, x: TensorInfo, shape: ReadonlyArray<number>): TensorInfo =>
  k.run("Reshape", { x }, { shape: [...shape] })

/** Products as they are: the kernel takes any number of batch axes, and repeats them. */
const product: Multiply = (k, [a, b], _shape, { transA, transB, alpha }) =>
  scaled(k, k.run("BatchMatMul", { a, b }, { transposeA: transA, transposeB: transB }), alpha)

const gatherElements: Rule<"GatherElements"> = ({ node }) => ({
  args: node.args,
  run: (k, args) => {
    const [x, indices] = [args[0]!, args[1]!]
    const last = x.shape.length - 1
    k.engine.within(k, "GatherElements", indices, x.shape[last]!)
    return k.run("GatherV2", { x, indices }, { axis: last, batchDims: last })
  }
})

/** Sums updates [n, ...] into the rows of zeros that ids name. */
const scatter = (k: Arena, ids: TensorInfo, updates: TensorInfo, shape: ReadonlyArray<number>): TensorInfo =>
  k.run(
    "ScatterNd",
    {
      indices: reshape(k, ids, [Shapes.size(ids.shape), 1]),
      updates: reshape(k, updates, [Shapes.size(ids.shape), ...shape.slice(1)])
    },
    { shape: [...shape] }
  )

const scatterRows: Rule<"ScatterRows"> = ({ node, op }) => ({
  args: node.args,
  run: (k, args) => {
    const [ids, updates] = [args[0]!, args[1]!]
    k.engine.within(k, "ScatterRows", ids, op.rows)
    return scatter(k, ids, updates, node.shape)
  }
})

/** As one long axis: position j of row i is i · size + j. */
const scatterElements: Rule<"ScatterElements"> = ({ node, op: { size } }) => {
  const rows = Shapes.size(node.shape) / size
  const starts = Tensors.i32(
    Array.from({ length: rows }, (_, i) => i * size),
    [rows, 1]
  )
  return {
    args: node.args,
    run: (k, args) => {
      const [ids, updates] = [args[0]!, args[1]!]
      k.engine.within(k, "ScatterElements", ids, size)
      const flat = k.run("Add", { a: reshape(k, ids, [rows, Shapes.size(ids.shape) / rows]), b: k.make(starts) })
      return reshape(k, scatter(k, flat, updates, [rows * size]), node.shape)
    }
  }
}

const places = Tensors.i32([0, 4, 8, 12, 16, 20, 24, 28], [8])

/** The eight numbers of four bits in each word, the lowest first. */
const nibbles = (k: Arena, words: TensorInfo): TensorInfo => {
  const a = k.run("RightShift", { a: reshape(k, words, [Shapes.size(words.shape), 1]), b: k.make(places) })
  return k.run("BitwiseAnd", { a, b: k.make(Tensors.i32([15], [])) })
}

/** The first columns of a matrix. */
const columns = (k: Arena, x: TensorInfo, width: number): TensorInfo =>
  k.run("Slice", { x }, { begin: [0, 0], size: [x.shape[0]!, width] })

const dequantize: Rule<"Dequantize"> = ({ node, op: { block, width } }) => ({
  args: node.args,
  run: (k, args) => {
    const [codes, scales, zeros] = [args[0]!, args[1]!, args[2]!]
    const [n, blocks] = [scales.shape[0]!, scales.shape[1]!]
    // Rows of zero points are padded to whole bytes, all of them together to whole words.
    const padded = 2 * Math.ceil(blocks / 2)
    const flat = reshape(k, nibbles(k, zeros), [1, 8 * Shapes.size(zeros.shape)])
    const points = columns(k, reshape(k, columns(k, flat, n * padded), [n, padded]), blocks)
    const a = reshape(k, nibbles(k, codes), [n, blocks, block])
    const x = k.run("Sub", { a, b: reshape(k, points, [n, blocks, 1]) })
    const values = k.run("Multiply", {
      a: k.run("Cast", { x }, { dtype: "float32" }),
      b: reshape(k, scales, [n, blocks, 1])
    })
    return columns(k, reshape(k, values, [n, blocks * block]), width)
  }
})

/** The lowering for TensorFlow's own operations. */
export const eagerRules: Rules = {
  ...standard,
  Where: ({ view, node }) =>
    broadcasting(view, node, (k, [condition, t, e]) => k.run("Select", { condition: condition!, t: t!, e: e! })),
  MatMul: multiplying(product),
  Attend: attending(product),
  Dequantize: dequantize,
  GatherElements: gatherElements,
  ScatterRows: scatterRows,
  ScatterElements: scatterElements
}
