import { expect, layer as suite } from "@effect/vitest"
import { Effect, Result } from "effect"
import { Onnx } from "../../src/backends/onnx/index.ts"
import { Reference } from "../../src/backends/reference/index.ts"
import { difference } from "../../src/core/laws/backend/index.ts"
import { floats } from "../../src/core/laws/program/index.ts"
import * as ops from "../../src/core/program/index.ts"
import { type Expr, type Program, Programs, Steps } from "../../src/core/program/index.ts"
import { Backend } from "../../src/core/service/index.ts"
import { type Tensor, Tensors } from "../../src/core/tensor/index.ts"
import { vjp } from "../../src/core/transform/index.ts"

/** A program in which several operations become one, and the operators that must come out. */
interface Pattern {
  readonly name: string
  readonly outputs: Readonly<Record<string, Expr>>
  readonly operators: ReadonlyArray<string>
}

const x = ops.input("x", [6, 8])
const y = ops.input("y", [6, 8])
const heads = ops.input("heads", [2, 3, 5, 16])
const rows = ops.input("rows", [4, 3, 16])
const weight = ops.input("weight", [8])
const batch = ops.input("batch", [3, 5, 7])
const timeFirst = ops.input("timeFirst", [5, 3, 7])
const table = ops.input("table", [4, 8])
const ids = ops.input("ids", [6], "i32")

const rotate = (t: Expr, cos: Expr, sin: Expr): Expr => {
  const half = t.shape[t.shape.length - 1]! / 2
  const [a, b] = [ops.slice(t, -1, 0, half), ops.slice(t, -1, half)]
  return ops.concat([ops.sub(ops.mul(a, cos), ops.mul(b, sin)), ops.add(ops.mul(b, cos), ops.mul(a, sin))], -1)
}

const angles = (shape: ReadonlyArray<number>): readonly [Expr, Expr] => [
  ops.input(`cos ${shape}`, shape),
  ops.input(`sin ${shape}`, shape)
]

const rotated = (t: Expr, shape: ReadonlyArray<number>): Expr => rotate(t, ...angles(shape))

const derivative = (f: Expr, of: Expr): Expr => vjp([f], [ops.input("g", f.shape)], [of])[0]!

const patterns: ReadonlyArray<Pattern> = [
  {
    name: "rotary positions of [B, H, T, d] are one operator",
    outputs: { out: rotated(heads, [1, 1, 5, 8]) },
    operators: ["Reshape", "Reshape", "RotaryEmbedding"]
  },
  {
    name: "rotary positions that differ by batch are one operator",
    outputs: { out: rotated(heads, [2, 1, 5, 8]) },
    operators: ["Reshape", "Reshape", "RotaryEmbedding"]
  },
  {
    name: "rotary positions of rows of heads are one operator",
    outputs: { out: rotated(rows, [4, 1, 8]) },
    operators: ["Reshape", "Reshape", "Reshape", "RotaryEmbedding", "Reshape"]
  },
  {
    name: "the derivative of a rotation is the rotation back",
    outputs: { out: derivative(rotated(rows, [4, 1, 8]), rows) },
    operators: ["Reshape", "Reshape", "Reshape", "Neg", "RotaryEmbedding", "Reshape"]
  },
  {
    name: "half a rotation stays as it is",
    outputs: { out: ops.concat([ops.slice(rows, 2, 8), ops.mul(ops.slice(rows, 2, 0, 8), 2)], 2) },
    operators: ["Split", "Mul", "Concat"]
  },
  {
    name: "slices that tile an axis are one split",
    outputs: { out: ops.add(ops.slice(x, 1, 0, 4), ops.slice(x, 1, 4)) },
    operators: ["Split", "Add"]
  },
  {
    name: "slices that leave a gap are slices",
    outputs: { out: ops.add(ops.slice(x, 1, 0, 3), ops.slice(x, 1, 5)) },
    operators: ["Slice", "Slice", "Add"]
  },
  {
    name: "a sum of paddings side by side is a join",
    outputs: { out: ops.add(ops.pad(x, 1, 0, 8), ops.pad(y, 1, 8, 0)) },
    operators: ["Concat"]
  },
  {
    name: "overlapping paddings are added",
    outputs: { out: ops.add(ops.pad(x, 1, 0, 2), ops.pad(y, 1, 2, 0)) },
    operators: ["Pad", "Pad", "Add"]
  },
  {
    name: "the sum of squares is one operator",
    outputs: { out: ops.sum(ops.mul(x, x)) },
    operators: ["ReduceSumSquare"]
  },
  {
    name: "a norm and its scale are one operator",
    outputs: { norm: ops.rmsNorm(x, weight, 1e-3), scale: ops.rmsScale(x, 1e-3) },
    operators: ["SimplifiedLayerNormalization"]
  },
  {
    name: "a norm with another epsilon shares nothing",
    outputs: { norm: ops.rmsNorm(x, weight, 1e-3), scale: ops.rmsScale(x, 1e-2) },
    operators: ["SimplifiedLayerNormalization", "ReduceSumSquare", "Mul", "Add", "Sqrt", "Reciprocal"]
  },
  {
    name: "a bias is part of the product",
    outputs: { out: ops.add(ops.matMul(x, y, { transB: true, alpha: 2 }), ops.input("bias", [1, 6])) },
    operators: ["Gemm"]
  },
  {
    name: "a sum of products is a chain of products",
    outputs: {
      out: ops.add(
        ops.add(ops.matMul(x, y, { transB: true }), ops.matMul(y, x, { transB: true })),
        ops.matMul(x, x, { transB: true })
      )
    },
    operators: ["Gemm", "Gemm", "Gemm"]
  },
  {
    name: "a product with itself is added once more, not lost",
    outputs: {
      out: (() => {
        const p = ops.matMul(x, y, { transB: true })
        return ops.add(p, p)
      })()
    },
    operators: ["Gemm", "Add"]
  },
  {
    name: "transposed batches are read where they lie",
    outputs: { out: ops.matMul(ops.transpose(timeFirst, [1, 0, 2]), ops.transpose(batch, [0, 2, 1]), { alpha: 0.5 }) },
    operators: ["FusedMatMul"]
  },
  {
    name: "attention and its derivative share the weights",
    outputs: {
      out: ops.attend(ops.matMul(batch, batch, { transB: true }), batch),
      d: derivative(ops.attend(ops.matMul(batch, batch, { transB: true }), batch), batch)
    },
    operators: [
      ...["FusedMatMul", "Softmax", "MatMul", "FusedMatMul", "FusedMatMul"],
      ...["Mul", "ReduceSum", "Sub", "Mul", "MatMul", "Add", "FusedMatMul", "Add"]
    ]
  },
  {
    name: "rows are scattered into what they are added to",
    outputs: { out: ops.add(table, ops.scatterRows(ids, x, 4)) },
    operators: ["Reshape", "Reshape", "Expand", "ScatterElements"]
  },
  {
    name: "elements are scattered into what they are taken from, either way round",
    outputs: {
      a: ops.sub(x, ops.scatterElements(ops.reshape(ids, [6, 1]), ops.slice(x, 1, 0, 1), 8)),
      b: ops.sub(ops.scatterElements(ops.reshape(ids, [6, 1]), ops.slice(x, 1, 0, 1), 8), x)
    },
    operators: ["Reshape", "Slice", "Neg", "ScatterElements", "Neg", "ScatterElements"]
  },
  {
    name: "repeated numbers are broadcast, not stored",
    outputs: { out: ops.mul(ops.expand(ops.sum(x, [1]), [6, 8]), ops.add(ops.full([6, 8], 3), x)) },
    operators: ["ReduceSum", "Add", "Mul"]
  }
]

const feedsOf = (program: Program): Readonly<Record<string, Tensor>> =>
  Object.fromEntries(
    Object.entries(Programs.inputs(program)).map(([name, { shape, dtype }]) => [
      name,
      dtype === "i32" ? Tensors.i32([0, 3, 1, 3, 2, 3], shape) : floats(1, name, shape)
    ])
  )

const run = (program: Program) =>
  Effect.scoped(
    Effect.gen(function* () {
      const executable = yield* Backend.use((b) => b.compile(Steps.stateless(program)))
      return yield* executable.run(feedsOf(program))
    })
  )

const tolerance = { relative: 1e-5, absolute: 1e-5, reason: "float32 sums of up to 16 terms" }

suite(Onnx.cpu, { excludeTestServices: true })("onnx lowering", (it) => {
  for (const { name, outputs, operators } of patterns) {
    const program = Programs.fromExprs(outputs)
    it.effect(`golden: ${name}`, () =>
      Effect.gen(function* () {
        expect(Result.getOrThrow(Onnx.operators(Steps.stateless(program)))).toEqual(operators)
        const expected = yield* Effect.provide(run(program), Reference.layer)
        const found = yield* run(program)
        for (const [output, t] of Object.entries(expected)) {
          expect(difference(found[output]!, t, tolerance) ?? "agrees").toBe("agrees")
        }
      })
    )
  }

  it.effect("error: an operation without a rule is named with its node", () =>
    Effect.gen(function* () {
      const strange = ops.apply({ _tag: "Frobnicate" } as never, [x], x.shape, "f32")
      const step = Steps.stateless(Programs.fromExprs({ strange }))
      const failure = yield* Effect.flip(Effect.scoped(Backend.use((b) => b.compile(step))))
      expect(failure).toMatchObject({ _tag: "UnsupportedOp", backend: "onnx-cpu", op: "Frobnicate", node: 1 })
    })
  )
})
