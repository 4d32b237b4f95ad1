import { Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { evaluate } from "../../src/core/kernel/index.ts"
import { initialise } from "../../src/core/model/index.ts"
import { paramName } from "../../src/core/optim/index.ts"
import * as ops from "../../src/core/program/index.ts"
import { dequantize, InvalidProgram, input, type Program, Programs, Steps } from "../../src/core/program/index.ts"
import { Rng, type Tensor, Tensors } from "../../src/core/tensor/index.ts"
import {
  check,
  cost,
  grad,
  partNames,
  partSpecs,
  partsOf,
  quantise,
  quantised
} from "../../src/core/transform/index.ts"
import { adapter, base, config, linear, training } from "./loraStep.ts"

/** The floats that a quantised matrix stands for. */
const restored = (weight: Tensor, block: number): Tensor => {
  const { codes, scales, zeros } = quantise(weight, block)
  const specs = partSpecs({ shape: weight.shape, dtype: "f32" }, block)
  const y = dequantize(
    input("codes", specs.codes.shape, "i32"),
    input("scales", specs.scales.shape),
    input("zeros", specs.zeros.shape, "i32"),
    { block, width: weight.shape[1]! }
  )
  return evaluate(Programs.fromExprs({ y }), { codes, scales, zeros })["y"]!
}

const weights = fc
  .record({
    N: fc.integer({ min: 1, max: 5 }),
    K: fc.integer({ min: 1, max: 70 }),
    block: fc.constantFrom(8, 16, 24, 32),
    seed: fc.integer(),
    shift: fc.constantFrom(0, 0.5, -3),
    size: fc.constantFrom(1e-30, 0.02, 1, 1e20)
  })
  .map(({ N, K, block, seed, shift, size }) => {
    const data = Float32Array.from(Rng.normals(seed, "weight", N * K), (x) => size * (x + shift))
    return { weight: Tensors.f32(data, [N, K]), block }
  })

describe("quantise", () => {
  it("law: no weight moves by more than half a step of its block, and the ends of a block by no more", () =>
    fc.assert(
      fc.property(weights, ({ weight, block }) => {
        const [N, K] = weight.shape as readonly [number, number]
        const { scales } = quantise(weight, block)
        const found = restored(weight, block)
        for (let i = 0; i < N * K; i++) {
          const scale = scales.data[Math.floor(i / K) * scales.shape[1]! + Math.floor((i % K) / block)]!
          expect(Math.abs(found.data[i]! - weight.data[i]!)).toBeLessThanOrEqual(scale * 0.5 * (1 + 1e-5))
        }
      }),
      { seed: 42, numRuns: 300 }
    ))

  it("law: what is quantised already stays as it is", () =>
    fc.assert(
      fc.property(weights, ({ weight, block }) => {
        const once = restored(weight, block)
        const twice = restored(once, block)
        for (const [i, x] of once.data.entries()) expect(twice.data[i]!).toBeCloseTo(x, 5)
      }),
      { seed: 43, numRuns: 100 }
    ))

  it("edge: zeros stay zeros, and a block that is not finite is NaN as a whole and alone", () => {
    const data = new Float32Array(32)
    data[9] = Number.NaN
    data[31] = Number.POSITIVE_INFINITY
    const found = Array.from(restored(Tensors.f32(data, [1, 32]), 8).data)
    expect(found.slice(0, 8)).toEqual(new Array(8).fill(0))
    expect(found.slice(8, 16).every(Number.isNaN)).toBe(true)
    expect(found.slice(16, 24)).toEqual(new Array(8).fill(0))
    expect(found.slice(24).every(Number.isNaN)).toBe(true)
  })

  it("law: the gradient of the scales is what each is multiplied by", () => {
    const { codes, scales, zeros } = quantise(Tensors.f32(Rng.normals(1, "w", 3 * 20), [3, 20]), 8)
    const at = input("scales", scales.shape)
    const y = dequantize(ops.constant(codes), at, ops.constant(zeros), { block: 8, width: 20 })
    const loss = ops.sum(ops.mul(y, ops.constant(Tensors.f32(Rng.normals(2, "g", 60), [3, 20]))))
    const value = (s: Tensor) => evaluate(Programs.fromExprs({ loss }), { scales: s })["loss"]!.data[0]!
    const slope = evaluate(Programs.fromExprs({ g: gradOf(loss, at) }), { scales })["g"]!
    for (let i = 0; i < scales.data.length; i++) {
      const moved = Float64Array.from(scales.data)
      moved[i]! += 1
      expect(slope.data[i]!).toBeCloseTo(value(Tensors.f64(moved, scales.shape)) - value(scales), 9)
    }
  })
})

const gradOf = (loss: ops.Expr, x: ops.Expr): ops.Expr => grad(loss, [x])[0]!

const { step } = training

describe("quantised", () => {
  it("law: a LoRA step on a quantised base is the step on the weights that the codes stand for", () => {
    const four = quantised(
      step,
      linear.map((name) => paramName(name)),
      8
    )
    expect(Result.isSuccess(check(four.program))).toBe(true)
    const values = initialise(config, 3)
    const codes = Object.assign({}, ...linear.map((name) => partsOf(paramName(name), quantise(values[name]!, 8))))
    const plain = Object.fromEntries(
      Object.keys(base).map((name) => [
        paramName(name),
        linear.includes(name) ? restored(values[name]!, 8) : values[name]!
      ])
    )
    const inputs = Programs.inputs(step.program)
    const rest = Object.fromEntries(
      Object.entries(inputs)
        .filter(([name]) => plain[name] === undefined)
        .map(([name, { shape, dtype }]) => {
          const n = shape.reduce((a, b) => a * b, 1)
          return [
            name,
            dtype === "i32"
              ? Tensors.i32(
                  Array.from({ length: n }, (_, i) => (i * 7) % 20),
                  shape
                )
              : Tensors.f32(Rng.normals(4, name, n, 0.1).map(Math.abs), shape)
          ]
        })
    )
    const expected = evaluate(step.program, { ...plain, ...rest })
    const found = evaluate(four.program, { ...plain, ...codes, ...rest })
    for (const [name, t] of Object.entries(expected)) {
      for (const [i, x] of t.data.entries()) expect(found[name]!.data[i]!, name).toBeCloseTo(x, 9)
    }
    for (const name of linear) {
      expect(four.resident).not.toContain(paramName(name))
      for (const part of Object.values(partNames(paramName(name)))) expect(four.resident).toContain(part)
    }
  })

  it("law: no more than one weight is alive as floats", () => {
    const of = (program: Program) => cost(program).peakLiveBytes
    const four = quantised(
      step,
      linear.map((name) => paramName(name)),
      8
    )
    expect(of(four.program)).toBeLessThanOrEqual(of(step.program) + 2 * 4 * 24 * 32)
  })

  it("edge: names that the step does not read are passed over", () => {
    expect(quantised(step, ["param/none.weight"])).toEqual(step)
  })

  it("error: what trains, what is fed and what is no matrix is refused by name", () => {
    const trained = paramName(Object.keys(adapter.params)[0]!)
    expect(() => quantised(step, [trained])).toThrow(InvalidProgram)
    expect(() => quantised(step, [trained])).toThrow(`weight "${trained}" cannot be quantised: the step changes it`)
    expect(() => quantised(step, [paramName("model.norm.weight")])).toThrow("rank 1, no float matrix")
    const fed = Steps.stateless(Programs.fromExprs({ y: ops.neg(input("w", [2, 8])) }))
    expect(() => quantised(fed, ["w"])).toThrow("it is fed; keep it in memory.")
  })

  it("error: codes, scales and zeros of other sizes are refused with what they should be", () => {
    const [codes, scales, zeros] = [input("c", [2, 4], "i32"), input("s", [2, 1]), input("z", [1], "i32")]
    expect(dequantize(codes, scales, zeros, { block: 32, width: 30 }).shape).toEqual([2, 30])
    expect(() => dequantize(codes, scales, zeros, { block: 32, width: 33 })).toThrow("codes must be [N, 2 blocks of 32")
    expect(() => dequantize(codes, scales, zeros, { block: 12, width: 30 })).toThrow("codes must be")
    expect(() => dequantize(codes, input("s", [2, 2]), zeros, { block: 32, width: 30 })).toThrow("scales must be [2,1]")
    expect(() => dequantize(scales, scales, zeros, { block: 32, width: 30 })).toThrow("operands must be i32")
  })
})
