import { expect, layer as suite } from "@effect/vitest"
import { Effect, type Layer, type Scope } from "effect"
import * as ops from "../../src/core/program/index.ts"
import { Programs, Steps } from "../../src/core/program/index.ts"
import { Backend } from "../../src/core/service/index.ts"
import { Tensors } from "../../src/core/tensor/index.ts"
import { floats } from "../program/anyProgram.ts"
import { type Case, opCases, programCases } from "./cases.ts"
import { errorScenarios } from "./errors.ts"
import { memoryScenarios } from "./memory.ts"
import { difference, type Tolerance } from "./tolerance.ts"

/** Cases that a backend answers differently, each with the reason. */
export type Exclusions = Readonly<Record<string, string>>

const runCase = ({ program, feeds, expected }: Case, tolerance: Tolerance) =>
  Effect.gen(function* () {
    const compiled = yield* Backend.use((b) => b.compile(Steps.stateless(program)))
    const found = yield* compiled.run(feeds)
    expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort())
    for (const [name, t] of Object.entries(expected)) {
      const wrong = difference(found[name]!, t, tolerance)
      expect(wrong === undefined ? "agrees" : `output ${name} ${wrong}`).toBe("agrees")
    }
  })

/** Products, sums over duplicates and reductions large enough to be split between threads. */
const heavy = (() => {
  const x = ops.input("x", [257, 131])
  const ids = ops.input("ids", [257], "i32")
  const p = ops.softmax(ops.matMul(x, x, { transB: true }))
  return Programs.fromExprs({ p, rows: ops.scatterRows(ids, ops.matMul(p, x), 7), total: ops.sum(p) })
})()

const heavyFeeds = {
  x: floats(1, "x", [257, 131]),
  ids: Tensors.i32(
    Array.from({ length: 257 }, (_, i) => (i * i) % 7),
    [257]
  )
}

/**
 * What every backend must do: each op, whole programs, memory, errors, repeatability.
 *
 * @param excluded names of cases to skip, each with the reason, which is printed
 */
export const conformance = <E>(
  name: string,
  layer: Layer.Layer<Backend, E>,
  tolerance: Tolerance,
  excluded: Exclusions = {}
): void =>
  suite(layer, { excludeTestServices: true })(`backend: ${name}`, (it) => {
    const test = (name: string, body: Effect.Effect<void, unknown, Backend | Scope.Scope>) => {
      const reason = excluded[name]
      if (reason === undefined) it.effect(name, () => body)
      else it.skip(`${name} (${reason})`, () => undefined)
    }
    for (const c of [...opCases, ...programCases]) test(c.name, runCase(c, tolerance))
    for (const { name, tell } of [...memoryScenarios, ...errorScenarios]) {
      test(
        name,
        Effect.map(tell, ({ found, expected }) => expect(found).toEqual(expected))
      )
    }
    test(
      "repeatability: two runs of two executables are equal to the last bit",
      Effect.gen(function* () {
        const once = Effect.gen(function* () {
          const compiled = yield* Backend.use((b) => b.compile(Steps.stateless(heavy)))
          return [yield* compiled.run(heavyFeeds), yield* compiled.run(heavyFeeds)]
        })
        const [first, ...others] = [...(yield* once), ...(yield* once)]
        for (const other of others) expect(other).toEqual(first)
      })
    )
  })
