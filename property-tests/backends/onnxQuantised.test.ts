import { expect, layer as suite } from "@effect/vitest"
import { Effect, Result } from "effect"
import { Onnx } from "../../src/backends/onnx/index.ts"
import { Reference } from "../../src/backends/reference/index.ts"
import { Adapters } from "../../src/core/adapter/index.ts"
import { evaluate } from "../../src/core/kernel/index.ts"
import { difference } from "../../src/core/laws/backend/index.ts"
import { floats } from "../../src/core/laws/program/index.ts"
import { initialise } from "../../src/core/model/index.ts"
import { paramName, residentParams } from "../../src/core/optim/index.ts"
import * as ops from "../../src/core/program/index.ts"
import { type Expr, input, Programs, Steps } from "../../src/core/program/index.ts"
import { Backend } from "../../src/core/service/index.ts"
import { type Tensor, Tensors } from "../../src/core/tensor/index.ts"
import { partsOf, quantise, quantised, vjp } from "../../src/core/transform/index.ts"
import { adapter, config, linear, training } from "../transform/loraStep.ts"

interface Form {
  readonly name: string
  readonly block: number
  /** Rows of x, rows and columns of the weight. */
  readonly sizes: readonly [M: number, N: number, K: number]
  readonly output: (x: Expr, w: Expr) => Expr
  /** Whether x lies by columns, [K, M]. */
  readonly turned?: boolean
  /** The operators that must come out; what unpacks codes is one of many nodes and not named. */
  readonly operators?: ReadonlyArray<string>
}

const forward = (x: Expr, w: Expr): Expr => ops.matMul(x, w, { transB: true, alpha: 0.5 })

const forms: ReadonlyArray<Form> = [
  {
    name: "rows by a weight are the engine's own product",
    block: 32,
    sizes: [3, 8, 64],
    output: (x, w) => ops.matMul(x, w, { transB: true }),
    operators: ["MatMulNBits"]
  },
  {
    name: "a factor follows the product",
    block: 16,
    sizes: [1, 4, 48],
    output: forward,
    operators: ["MatMulNBits", "Mul"]
  },
  {
    name: "a weight by columns, as decoding has it, is that product turned",
    block: 32,
    sizes: [5, 8, 64],
    output: (x, w) => ops.matMul(w, x, { transB: true }),
    operators: ["MatMulNBits", "Transpose"]
  },
  {
    name: "a weight by columns that lie turned already is turned on both sides",
    block: 32,
    sizes: [5, 8, 64],
    turned: true,
    output: (x, w) => ops.matMul(w, x),
    operators: ["Transpose", "MatMulNBits", "Transpose"]
  },
  {
    name: "a bias is added after the product",
    block: 32,
    sizes: [2, 8, 64],
    output: (x, w) => ops.add(ops.matMul(x, w, { transB: true }), ops.full([1, 8], 3)),
    operators: ["MatMulNBits", "Add"]
  },
  {
    name: "the last block may be padded, and rows may have an odd number of blocks",
    block: 16,
    sizes: [3, 4, 40],
    output: (x, w) => ops.matMul(x, w, { transB: true }),
    operators: ["MatMulNBits"]
  },
  {
    name: "the gradient of rows is a product with the unpacked weight",
    block: 32,
    sizes: [7, 8, 64],
    output: (x, w) => vjp([forward(x, w)], [input("g", [7, 8])], [x])[0]!
  },
  {
    name: "a product and its gradient share the codes",
    block: 32,
    sizes: [7, 64, 64],
    output: (x, w) => vjp([forward(forward(x, w), w)], [forward(x, w)], [x])[0]!
  },
  {
    name: "zero points that end within a word are unpacked, not fused",
    block: 32,
    sizes: [2, 3, 32],
    output: (x, w) => ops.matMul(x, w, { transB: true })
  },
  {
    name: "blocks that the engine has no product for are unpacked",
    block: 24,
    sizes: [2, 4, 50],
    output: (x, w) => ops.matMul(x, w, { transB: true })
  },
  {
    name: "rows of a quantised table can be looked up",
    block: 16,
    sizes: [1, 6, 32],
    output: (x, w) => ops.add(ops.gather(w, ops.argMax(ops.slice(x, 1, 0, 6))), 0)
  }
]

const tolerance = { relative: 1e-4, absolute: 1e-4, reason: "float32 sums of 64 terms of size 3" }

suite(Onnx.cpu, { excludeTestServices: true })("quantised weights of onnx-cpu", (it) => {
  for (const { name, block, sizes, output, turned = false, operators } of forms) {
    const [M, N, K] = sizes
    const plain = Steps.make({
      program: Programs.fromExprs({ y: output(input("x", turned ? [K, M] : [M, K]), input("w", [N, K])) }),
      resident: ["w"],
      carry: [],
      guard: []
    })
    const step = quantised(plain, ["w"], block)
    it.effect(`law: ${name}`, () =>
      Effect.gen(function* () {
        if (operators !== undefined) expect(Result.getOrThrow(Onnx.operators(step))).toEqual(operators)
        const parts = partsOf("w", quantise(floats(1, "w", [N, K]), block))
        const feeds = Object.fromEntries(
          Object.entries(Programs.inputs(step.program)).flatMap(
            ([name, { shape }]): ReadonlyArray<readonly [string, Tensor]> =>
              step.resident.includes(name) ? [] : [[name, floats(2, name, shape)]]
          )
        )
        const expected = evaluate(step.program, { ...parts, ...feeds })["y"]!
        const { memory, compile } = yield* Backend
        const held = yield* memory
        yield* held.write(parts)
        for (const freeze of [[], step.resident]) {
          const found = yield* (yield* compile(step, { memory: held, freeze })).run(feeds)
          expect(difference(found["y"]!, expected, tolerance) ?? "agrees").toBe("agrees")
        }
        // Fed as words, they are the same.
        const fed = yield* (yield* compile(Steps.stateless(step.program))).run({ ...parts, ...feeds })
        expect(difference(fed["y"]!, expected, tolerance) ?? "agrees").toBe("agrees")
      })
    )
  }

  it.effect("law: an adapter trains on a quantised base as the reference trains it", () =>
    Effect.gen(function* () {
      const linearNames = linear.map((name) => paramName(name))
      const step = quantised(training.step, linearNames, 16)
      const operators = Result.getOrThrow(Onnx.operators(step))
      expect(operators.filter((op) => op === "MatMulNBits")).toHaveLength(linear.length)
      const values = residentParams(initialise(config, 3))
      const params = residentParams(Adapters.initialise(adapter, 4))
      const start = Object.entries({ ...values, ...params, ...training.initialState }).flatMap(([name, t]) =>
        linearNames.includes(name) ? Object.entries(partsOf(name, quantise(t, 16))) : [[name, t] as const]
      )
      const ids = Tensors.i32([3, 1, 4, 1, 5, 9, 2, 6, 5, 3], [2, 5])
      const trains = new Set(step.carry.map(({ into }) => into))
      const threeSteps = Effect.gen(function* () {
        const { memory, compile } = yield* Backend
        const held = yield* memory
        yield* held.write(Object.fromEntries(start))
        const freeze = step.resident.filter((name) => !trains.has(name))
        const executable = yield* compile(step, { memory: held, freeze })
        const losses: Array<number> = []
        for (let i = 0; i < 3; i++)
          losses.push((yield* executable.run({ ids, ...training.feeds(i) }))["loss"]!.data[0]!)
        return { losses, after: yield* held.read(Object.keys(params)) }
      })
      const expected = yield* Effect.scoped(threeSteps).pipe(Effect.provide(Reference.layer))
      const found = yield* threeSteps
      for (const [i, loss] of expected.losses.entries()) expect(found.losses[i]!).toBeCloseTo(loss, 4)
      expect(found.losses[2]!).toBeLessThan(found.losses[0]!)
      for (const [name, t] of Object.entries(expected.after)) {
        expect(difference(found.after[name]!, t, { ...tolerance, absolute: 1e-3 }) ?? "agrees").toBe("agrees")
      }
    })
  )
})
