import { describe, expect, it } from "vitest"
import { evaluate } from "../src/core/kernel/index.ts"
import * as ops from "../src/core/program/index.ts"
import { type Expr, Programs, print } from "../src/core/program/index.ts"
import { type Tensor, Tensors } from "../src/core/tensor/index.ts"
import { grad } from "../src/core/transform/index.ts"

const row = (...values: ReadonlyArray<number>): Tensor => Tensors.f64(values, [values.length])
const x = ops.input("x", [3])

/** The gradient of Σ weight·y by `x` at a point. */
const gradient = (y: (x: Expr) => Expr, at: Tensor, weight: Tensor): ReadonlyArray<number> => {
  const variable = ops.input("x", at.shape)
  const loss = ops.sum(ops.mul(y(variable), ops.constant(weight)))
  const g = evaluate(Programs.fromExprs({ g: grad(loss, [variable])[0]! }), { x: at })["g"]!
  return Array.from(g.data)
}

const closeTo = (values: ReadonlyArray<number>) => values.map((v) => expect.closeTo(v, 12))

describe("print", () => {
  it("golden: one node a line, inputs in the header, labels as comments", () => {
    const logits = ops.input("logits", [2, 4])
    const labels = ops.input("labels", [2, 1], "i32")
    const chosen = ops.named("log-prob", ops.gatherElements(ops.logSoftmax(logits), labels))
    const loss = ops.neg(ops.mean(chosen))
    expect(print(Programs.fromExprs({ loss, chosen }))).toBe(
      [
        "(logits: f32[2,4], labels: i32[2,1]) ->",
        "  %1: f32[2,4] = LogSoftmax logits",
        "  %3: f32[2,1] = GatherElements %1 labels  # log-prob",
        "  %4: f32[1,1] = ReduceSum axes=[0,1] %3",
        "  %5: f32[] = Constant {0.5000}",
        "  %6: f32[1,1] = Mul %4 %5",
        "  %7: f32[1,1] = Neg %6",
        "  return loss = %7, chosen = %3"
      ].join("\n")
    )
  })
})

describe("derivatives by hand", () => {
  it("golden: a product, d(aᵀb)", () => {
    const [a, b] = [ops.input("a", [1, 2]), ops.input("b", [2, 1])]
    const [ga, gb] = grad(ops.matMul(a, b, { alpha: 3 }), [a, b])
    const found = evaluate(Programs.fromExprs({ ga: ga!, gb: gb! }), {
      a: Tensors.f64([1, 2], [1, 2]),
      b: Tensors.f64([5, 7], [2, 1])
    })
    expect([Array.from(found["ga"]!.data), Array.from(found["gb"]!.data)]).toEqual([
      [15, 21],
      [3, 6]
    ])
  })

  it("golden: cross-entropy of two equal logits is softmax minus one-hot", () =>
    expect(gradient((z) => ops.logSoftmax(z), row(1, 1), row(-1, 0))).toEqual(closeTo([-0.5, 0.5])))

  it("golden: softmax of (0, log 3), y = (1/4, 3/4), weight (1, 0): y(w - Σwy) = (3/16, -3/16)", () =>
    expect(gradient(ops.softmax, row(0, Math.log(3)), row(1, 0))).toEqual(closeTo([3 / 16, -3 / 16])))

  it("golden: RmsNorm of (3, 4) with unit weight: r = √2/5, dx = r(g - x̂ mean(g x̂))", () => {
    // x̂ = (3, 4)·√2/5, mean(g x̂) = 3√2/10 for g = (1, 0), x̂ mean = (9, 12)/25.
    const r = Math.SQRT2 / 5
    const norm = (z: Expr) => ops.rmsNorm(z, ops.full([2], 1), 0)
    expect(gradient(norm, row(3, 4), row(1, 0))).toEqual(closeTo([r * (1 - 9 / 25), (r * -12) / 25]))
  })

  it("golden: attention of two equal scores over values 1 and 3: P = 1/2, out = 2, dS = P(g v - g out)", () => {
    const attended = (s: Expr) => ops.attend(ops.reshape(s, [1, 2]), ops.constant(Tensors.f64([1, 3], [2, 1])))
    expect(gradient(attended, row(0, 0), Tensors.f64([2], [1, 1]))).toEqual(closeTo([-1, 1]))
  })

  it("golden: σ, softplus and silu at 0", () => {
    expect(gradient(ops.sigmoid, row(0), row(1))).toEqual(closeTo([0.25]))
    expect(gradient(ops.softplus, row(0), row(1))).toEqual(closeTo([0.5]))
    expect(gradient(ops.silu, row(0), row(1))).toEqual(closeTo([0.5]))
  })

  it("golden: ties of max and min go to the first, those of a reduced maximum are shared", () => {
    const [a, b] = [ops.input("a", [1]), ops.input("b", [1])]
    for (const f of [ops.max, ops.min]) {
      const [ga, gb] = grad(f(a, b), [a, b])
      const found = evaluate(Programs.fromExprs({ ga: ga!, gb: gb! }), { a: row(2), b: row(2) })
      expect([found["ga"]!.data[0], found["gb"]!.data[0]]).toEqual([1, 0])
    }
    expect(gradient((z) => ops.reduceMax(z), row(5, 1, 5), row(6))).toEqual([3, 0, 3])
  })

  it("golden: clip passes gradients inside and at its bounds", () =>
    expect(gradient((z) => ops.clip(z, -1, 1), row(-2, -1, 0, 1, 2), row(1, 1, 1, 1, 1))).toEqual([0, 1, 1, 1, 0]))

  it("golden: relu and |x| have derivative 0 at 0", () => {
    expect(gradient(ops.relu, row(-1, 0, 1), row(1, 1, 1))).toEqual([0, 0, 1])
    expect(gradient(ops.abs, row(-1, 0, 1), row(1, 1, 1))).toEqual([-1, 0, 1])
  })

  it("golden: the two largest get the gradient, back at their places", () =>
    expect(gradient((z) => ops.topK(z, 2).values, row(1, 9, 4), row(10, 20))).toEqual([0, 10, 20]))

  it("golden: rows read twice get both gradients", () => {
    const ids = ops.constant(Tensors.i32([2, 0, 2], [3]))
    const read = (z: Expr) => ops.gather(ops.reshape(z, [3, 1]), ids)
    expect(gradient(read, row(0, 0, 0), Tensors.f64([1, 10, 100], [3, 1]))).toEqual([10, 0, 101])
  })

  it("golden: a running sum's gradient runs back", () =>
    expect(gradient((z) => ops.cumSum(z, 0), row(0, 0, 0), row(1, 10, 100))).toEqual([111, 110, 100]))

  it("golden: StopGradient stops, casts and comparisons have none", () => {
    expect(gradient((z) => ops.mul(z, ops.stopGradient(z)), row(3), row(1))).toEqual([3])
    expect(gradient((z) => ops.cast(ops.greater(z, 1), "f32"), row(3), row(1))).toEqual([0])
  })

  it("golden: x³ has second derivative 6x", () => {
    const [first] = grad(ops.sum(ops.pow(x, 3)), [x])
    const [second] = grad(ops.sum(first!), [x])
    expect(Array.from(evaluate(Programs.fromExprs({ s: second! }), { x: row(1, 2, 3) })["s"]!.data)).toEqual([
      6, 12, 18
    ])
  })

  it("golden: a gradient penalty, (‖∇ sin(x)‖ - 1)², differentiates once more", () => {
    // d/dx (|cos x| - 1)² = 2 (cos x - 1)(-sin x) where cos x > 0.
    const [slope] = grad(ops.sum(ops.sin(ops.input("x", [1]))), [ops.input("x", [1])])
    const norm = ops.sqrt(ops.sum(ops.mul(slope!, slope!)))
    const excess = ops.sub(norm, 1)
    const [g] = grad(ops.mul(excess, excess), [ops.input("x", [1])])
    const found = evaluate(Programs.fromExprs({ g: g! }), { x: row(0.7) })["g"]!.data[0]
    expect(found).toBeCloseTo(2 * (Math.cos(0.7) - 1) * -Math.sin(0.7), 12)
  })
})
