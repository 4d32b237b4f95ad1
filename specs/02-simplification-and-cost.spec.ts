import { describe, expect, it } from "vitest"
import * as ops from "../src/core/program/index.ts"
import { type Expr, Programs, print } from "../src/core/program/index.ts"
import { Tensors } from "../src/core/tensor/index.ts"
import { cost, grad, lower, simplify } from "../src/core/transform/index.ts"

const x = ops.input("x", [2, 3])
const y = ops.input("y", [2, 3])
const row = ops.input("row", [1, 3])
const i = ops.input("i", [2], "i32")
const b = ops.input("b", [2], "bool")

/** The body of the simplified program, without its header. */
const body = (e: Expr, transform = simplify): string =>
  print(transform(Programs.fromExprs({ r: e })))
    .split("\n")
    .slice(1)
    .map((line) => line.trim())
    .join("; ")

describe("simplify", () => {
  it.each<readonly [law: string, before: Expr, after: string]>([
    ["x + 0 = x", ops.add(x, 0), "return r = x"],
    ["0 + x = x", ops.add(0, x), "return r = x"],
    ["x - 0 = x", ops.sub(x, ops.full([2, 3], 0)), "return r = x"],
    ["x * 1 = x", ops.mul(ops.full([1, 3], 1), x), "return r = x"],
    ["x / 1 = x", ops.div(x, 1), "return r = x"],
    ["x * 0 stays: it keeps NaN", ops.mul(x, 0), "%1: f32[] = Constant {0}; %2: f32[2,3] = Mul x %1; return r = %2"],
    ["0 that makes the result larger stays", ops.add(row, ops.mul(x, 0)), expect.stringContaining("Add")],
    ["--x = x", ops.neg(ops.neg(x)), "return r = x"],
    ["not not b = b", ops.not(ops.not(b)), "return r = b"],
    ["x + -y = x - y", ops.add(x, ops.neg(y)), "%2: f32[2,3] = Sub x y; return r = %2"],
    ["x - -y = x + y", ops.sub(x, ops.neg(y)), "%2: f32[2,3] = Add x y; return r = %2"],
    ["-x y = -(x y)", ops.mul(ops.neg(x), y), "%2: f32[2,3] = Mul x y; %3: f32[2,3] = Neg %2; return r = %3"],
    [
      "x + y (-z) = x - y z",
      ops.add(x, ops.mul(y, ops.neg(x))),
      "%2: f32[2,3] = Mul y x; %3: f32[2,3] = Sub x %2; return r = %3"
    ],
    ["-x / -y = x / y", ops.div(ops.neg(x), ops.neg(y)), "%2: f32[2,3] = Div x y; return r = %2"],
    ["max(x, x) = x", ops.max(x, x), "return r = x"],
    ["b and b = b", ops.and(b, b), "return r = b"],
    ["x^1 = x", ops.pow(x, 1), "return r = x"],
    ["x^2 = x x", ops.pow(x, 2), "%1: f32[2,3] = Mul x x; return r = %1"],
    ["where(c, x, x) = x", ops.where(ops.greater(x, y), x, x), "return r = x"],
    ["where(true, x, y) = x", ops.where(ops.full([2, 3], 1, "bool"), x, y), "return r = x"],
    [
      "where(not c, x, y) = where(c, y, x)",
      ops.where(ops.not(b), ops.input("p", [2]), ops.input("q", [2])),
      "%3: f32[2] = Where b q p; return r = %3"
    ],
    [
      "a sum over axes of size 1 is nothing",
      ops.sum(ops.sum(x, [1]), [1]),
      "%1: f32[2,1] = ReduceSum axes=[1] x; return r = %1"
    ],
    ["a maximum over axes of size 1 is nothing", ops.reduceMax(row, [0]), "return r = row"],
    [
      "a sum of repeated terms is a product",
      ops.sum(ops.expand(row, [2, 3]), [0]),
      "%1: f32[] = Constant {2}; %2: f32[1,3] = Mul row %1; return r = %2"
    ],
    ["transposing back", ops.transpose(ops.transpose(x, [1, 0]), [1, 0]), "return r = x"],
    ["moving axes of size 1 only reshapes", ops.transpose(row, [1, 0]), "%1: f32[3,1] = Reshape row; return r = %1"],
    ["reshapes compose", ops.reshape(ops.reshape(x, [6]), [3, 2]), "%1: f32[3,2] = Reshape x; return r = %1"],
    ["reshaping back", ops.reshape(ops.reshape(x, [6]), [2, 3]), "return r = x"],
    [
      "slices compose",
      ops.slice(ops.slice(x, 1, 1, 3), 1, 1, 2),
      "%1: f32[2,1] = Slice axis=1 start=2 end=3 x; return r = %1"
    ],
    ["a slice of the padding's inside", ops.slice(ops.pad(x, 0, 1, 1), 0, 1, 3), "return r = x"],
    ["a slice of one part of a concatenation", ops.slice(ops.concat([x, y], 0), 0, 2, 4), "return r = y"],
    ["what was split joins again", ops.concat(ops.split(x, 1, [1, 1, 1]), 1), "return r = x"],
    [
      "concatenations are flat",
      ops.concat([ops.concat([x, y], 0), row], 0),
      "%3: f32[5,3] = Concat axis=0 x y row; return r = %3"
    ],
    [
      "disjoint paddings add up to a concatenation",
      ops.add(ops.add(ops.pad(x, 0, 3, 0), ops.pad(y, 0, 0, 3)), ops.pad(row, 0, 2, 2)),
      "%3: f32[5,3] = Concat axis=0 y row x; return r = %3"
    ],
    [
      "overlapping paddings stay a sum",
      ops.add(ops.pad(x, 0, 1, 0), ops.pad(y, 0, 0, 1)),
      expect.stringMatching(/Pad .*Pad .*Add /)
    ],
    [
      "slices of different tensors do not join",
      ops.concat([ops.slice(x, 1, 0, 1), ops.slice(y, 1, 1, 3)], 1),
      expect.stringMatching(/Slice .*Slice .*Concat /)
    ],
    [
      "elementwise ops come before repetition",
      ops.exp(ops.expand(row, [2, 3])),
      "%1: f32[1,3] = Exp row; %2: f32[2,3] = Expand %1; return r = %2"
    ],
    [
      "operands need no repetition to broadcast",
      ops.mul(x, ops.expand(row, [2, 3])),
      "%2: f32[2,3] = Mul x row; return r = %2"
    ],
    [
      "transposed operands turn into parameters",
      ops.matMul(ops.transpose(x, [1, 0]), ops.transpose(y, [1, 0]), { transB: true }),
      "%2: f32[3,3] = MatMul transA alpha=1 x y; return r = %2"
    ],
    [
      "what is known is computed",
      ops.mul(x, ops.add(ops.scalar(2), ops.exp(ops.scalar(0)))),
      "%1: f32[] = Constant {3}; %2: f32[2,3] = Mul x %1; return r = %2"
    ],
    [
      "equal nodes are one, also with operands swapped",
      ops.mul(ops.add(x, y), ops.add(y, x)),
      "%2: f32[2,3] = Add x y; %3: f32[2,3] = Mul %2 %2; return r = %3"
    ],
    [
      "an id out of range stays to fail when run",
      ops.gather(ops.full([2, 1], 1), ops.full([1], 5, "i32")),
      expect.stringContaining("Gather")
    ],
    ["integers too", ops.add(ops.mul(i, 1), 0), "return r = i"]
  ])("golden: %s", (_, before, after) => expect(body(before)).toEqual(after))

  it("golden: StopGradient stays until lowering", () => {
    expect(body(ops.stopGradient(x))).toContain("StopGradient")
    expect(body(ops.stopGradient(x), lower)).toBe("return r = x")
  })

  it("golden: inputs that are no longer needed stay inputs", () => {
    const after = simplify(Programs.fromExprs({ r: ops.pow(x, 0) }))
    expect(print(after)).toBe("(x: f32[2,3]) ->\n  %1: f32[2,3] = Full value=1\n  return r = %1")
  })

  it("golden: the gradient of a projection split in three is one concatenation", () => {
    const [q, k, v] = ops.split(x, 1, [1, 1, 1])
    const loss = ops.sum(ops.mul(ops.mul(q!, q!), ops.add(k!, v!)))
    const gradient = simplify(Programs.fromExprs({ g: grad(loss, [x])[0]! }))
    expect(gradient.nodes.filter((n) => n.op._tag === "Pad")).toEqual([])
    expect(gradient.nodes.filter((n) => n.op._tag === "Concat")).toHaveLength(1)
  })
})

describe("cost", () => {
  it("golden: a product [4,8] [8,3] is 2·4·8·3 operations and moves its three matrices", () => {
    const program = Programs.fromExprs({ y: ops.matMul(ops.input("a", [4, 8]), ops.input("w", [8, 3])) })
    expect(cost(program, ["w"])).toEqual({
      count: 3,
      flops: 192,
      bytesMoved: 4 * (32 + 24 + 12),
      peakLiveBytes: 4 * 12,
      inputBytes: 4 * (32 + 24),
      parameterBytes: 4 * 24,
      constantBytes: 0,
      byOp: {
        Input: { count: 2, flops: 0, bytesMoved: 0 },
        MatMul: { count: 1, flops: 192, bytesMoved: 4 * 68 }
      }
    })
  })

  it("golden: a transposed product counts its inner axis", () => {
    const y = ops.matMul(ops.input("a", [2, 8, 4]), ops.input("b", [1, 8, 3]), { transA: true })
    expect(cost(Programs.fromExprs({ y })).flops).toBe(2 * 2 * 4 * 3 * 8)
  })

  it("golden: peak memory is at the widest moment, and reshaping takes none", () => {
    // exp(x) [6 floats] lives with its reshape; then the product [9 floats] beside it; then the sum [1 float].
    const e = ops.reshape(ops.exp(x), [3, 2])
    const program = Programs.fromExprs({ s: ops.sum(ops.matMul(e, e, { transB: true })) })
    expect(cost(program).peakLiveBytes).toBe(4 * (6 + 9))
  })

  it("golden: integers and booleans are counted by their width", () => {
    const program = Programs.fromExprs({ y: ops.less(i, ops.constant(Tensors.i32([1, 2], [2]))) })
    expect(cost(program)).toMatchObject({ inputBytes: 8, constantBytes: 8, peakLiveBytes: 2, bytesMoved: 18 })
  })

  it("golden: a training step of a linear layer costs three products", () => {
    const [a, w] = [ops.input("a", [16, 8]), ops.input("w", [8, 4])]
    const loss = ops.sum(ops.tanh(ops.matMul(a, w)))
    const [ga, gw] = grad(loss, [a, w])
    expect(cost(Programs.fromExprs({ loss, ga: ga!, gw: gw! })).byOp.MatMul).toMatchObject({
      count: 3,
      flops: 3 * 2 * 16 * 8 * 4
    })
  })
})
