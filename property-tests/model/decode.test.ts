import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { evaluate } from "../../src/core/kernel/index.ts"
import {
  type Decoded,
  decode,
  forward,
  type KeyValues,
  logits,
  type ModelConfig,
  prefill,
  startMask
} from "../../src/core/model/index.ts"
import { concat, type Expr, input, Programs, reshape, slice, sub } from "../../src/core/program/index.ts"
import { type Tensor, Tensors } from "../../src/core/tensor/index.ts"
import { batch, config, rows, symbols, weights } from "./models.ts"

const given = fc
  .record({
    of: config,
    seed: fc.nat(1000),
    B: fc.integer({ min: 1, max: 3 }),
    P: fc.integer({ min: 1, max: 5 }),
    U: fc.integer({ min: 1, max: 3 }),
    calls: fc.integer({ min: 1, max: 2 })
  })
  .chain(({ of, seed, B, P, U, calls }) =>
    fc.record({
      of: fc.constant(of),
      params: fc.constant(weights(of, seed)),
      ids: rows(B, P + U * calls),
      start: fc.array(fc.nat(P - 1), { minLength: B, maxLength: B }),
      P: fc.constant(P),
      U: fc.constant(U),
      calls: fc.constant(calls)
    })
  )

/** Reads the columns P.. of `ids` one by one: U tokens a call, whose rows join the cache after the call. */
const unrolled = (
  of: ModelConfig,
  ids: Expr,
  start: Expr,
  P: number,
  U: number,
  calls: number
): ReadonlyArray<Expr> => {
  const params = symbols(of)
  const B = ids.shape[0]!
  const first = prefill(of, params, slice(ids, 1, 0, P), { start, sequenceBlock: 2 })
  const out = [first.logits]
  let past = first.caches
  for (let call = 0; call < calls; call++) {
    const from = P + call * U
    let step: Decoded | undefined
    for (let u = 0; u < U; u++) {
      step = decode(of, params, {
        tokens: reshape(slice(ids, 1, from + u, from + u + 1), [B]),
        positions: sub(from + u, start),
        past,
        mask: startMask(start, from),
        ...(step === undefined ? {} : { recent: step.caches })
      })
      out.push(step.logits)
    }
    const joined = (a: KeyValues, b: KeyValues): KeyValues => ({
      keys: concat([a.keys, b.keys], 0),
      values: concat([a.values, b.values], 0)
    })
    past = past.map((old, layer) => joined(old, step!.caches[layer]!))
  }
  return out
}

const near = (actual: Tensor, expected: Tensor): void => {
  expect(actual.shape).toEqual(expected.shape)
  for (const [i, e] of expected.data.entries()) expect(actual.data[i]).toBeCloseTo(e, 10)
}

describe("decode", () => {
  it("law: token by token through the cache gives the logits of the whole sequence", () => {
    fc.assert(
      fc.property(given, ({ of, params, ids, start, P, U, calls }) => {
        const tokens = batch(ids)
        const [B, T] = tokens.shape as [number, number]
        const at = input("ids", tokens.shape, "i32")
        const starts = input("start", [B], "i32")
        const { hidden } = forward(of, symbols(of), at, { start: starts })
        const whole = reshape(logits(of, symbols(of), hidden), [B, T, of.vocab_size])
        const steps = unrolled(of, at, starts, P, U, calls)
        const outputs = Object.fromEntries([
          ...steps.map((z, i) => [`actual${i}`, z] as const),
          ...steps.map((_, i) => [`expected${i}`, reshape(slice(whole, 1, P - 1 + i, P + i), [B, -1])] as const)
        ])
        const values = evaluate(Programs.fromExprs(outputs), { ...params, ids: tokens, start: Tensors.i32(start, [B]) })
        for (const i of steps.keys()) near(values[`actual${i}`]!, values[`expected${i}`]!)
      }),
      { seed: 42, numRuns: 40 }
    )
  })

  it("law: the caches do not depend on the width of the padding", () => {
    fc.assert(
      fc.property(given, fc.integer({ min: 1, max: 3 }), ({ of, params, ids, P }, width) => {
        const prompt = batch(ids.map((row) => row.slice(0, P)))
        const padded = batch(ids.map((row) => [...Array(width).fill(0), ...row.slice(0, P)]))
        const caches = (tokens: Tensor, skip: number) => {
          const B = tokens.shape[0]!
          const start = input("start", [B], "i32")
          const read = prefill(of, symbols(of), input("ids", tokens.shape, "i32"), { start })
          const outputs = read.caches.flatMap(({ keys, values }, layer) => [
            [`keys${layer}`, slice(keys, 0, skip)] as const,
            [`values${layer}`, slice(values, 0, skip)] as const
          ])
          const feeds = { ...params, ids: tokens, start: Tensors.i32(Array(B).fill(skip), [B]) }
          return evaluate(Programs.fromExprs(Object.fromEntries([["logits", read.logits], ...outputs])), feeds)
        }
        const expected = caches(prompt, 0)
        for (const [name, t] of Object.entries(caches(padded, width))) near(t, expected[name]!)
      }),
      { seed: 42, numRuns: 20 }
    )
  })
})
