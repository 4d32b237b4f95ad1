import { Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { evaluate } from "../../src/core/kernel/index.ts"
import { anyProgram, differentiated } from "../../src/core/laws/program/index.ts"
import {
  type ForwardOptions,
  forward,
  isCheckpoint,
  type ModelConfig,
  tokenLogProbs
} from "../../src/core/model/index.ts"
import { exp, input, mean, mul, neg, type Program, Programs, sub, sum } from "../../src/core/program/index.ts"
import { Shapes } from "../../src/core/tensor/index.ts"
import { check, cost, grad, lower, rematerialise, schedule } from "../../src/core/transform/index.ts"
import { batch, config, rows, symbols, weights } from "../model/models.ts"

const peak = (program: Program): number => cost(program).peakLiveBytes

const inputs = (p: Program) => Object.keys(Programs.inputs(p)).sort()

describe("schedule", () => {
  it("law: the same nodes in another order, which keeps no more alive", () =>
    fc.assert(
      fc.property(anyProgram(), ({ program, feeds }) => {
        const before = differentiated(program)
        const after = schedule(before)
        expect(Result.getOrThrow(check(after))).toBe(after)
        expect(after.nodes.length).toBe(before.nodes.length)
        expect(peak(after)).toBeLessThanOrEqual(peak(before))
        expect(evaluate(after, feeds)).toEqual(evaluate(before, feeds))
      }),
      { seed: 42, numRuns: 300 }
    ))

  it("golden: what frees a tensor does not wait until all are made", () => {
    const first = exp(input("x", [64, 4]))
    const second = exp(first)
    const third = exp(second)
    // A depth-first walk goes down to the third before it sums the first.
    const program = Programs.fromExprs({ c: sum(third), a: sum(first), b: sum(second) })
    const unit = 64 * 4 * 4
    expect(peak(program)).toBe(3 * unit + 4)
    // Two tensors, and the sums made so far.
    expect(peak(schedule(program))).toBe(2 * unit + 2 * 4)
  })
})

describe("rematerialise", () => {
  it("law: preserves every value exactly, and inputs and outputs, whatever is kept", () =>
    fc.assert(
      fc.property(anyProgram("any", 20), fc.integer({ min: 1, max: 4 }), ({ program, feeds }, share) => {
        const given = differentiated(program)
        const before: Program = { ...given, nodes: given.nodes.map((n, id) => ({ ...n, label: `${id % share}` })) }
        const forward = program.outputs.map((o) => o.name)
        const after = rematerialise(before, { forward, keep: (label) => label === "0" })
        expect(Result.getOrThrow(check(after))).toBe(after)
        expect(inputs(after)).toEqual(inputs(before))
        expect(Programs.outputSpecs(after)).toEqual(Programs.outputSpecs(before))
        expect(evaluate(after, feeds)).toEqual(evaluate(before, feeds))
      }),
      { seed: 42, numRuns: 500 }
    ))

  /** Loss and gradients of a policy-like loss, which reads its log-probabilities twice. */
  const training = (
    model: ModelConfig,
    [B, T]: readonly [number, number],
    chunk?: number,
    options: ForwardOptions = {}
  ) => {
    const params = symbols(model)
    const ids = input("ids", [B, T], "i32")
    const { hidden } = forward(model, params, ids, options)
    const { logProbs, entropy } = tokenLogProbs(model, params, hidden, ids, chunk === undefined ? {} : { chunk })
    const loss = neg(mean(sub(mul(exp(logProbs), logProbs), mul(entropy, 0.1))))
    const slopes = grad(loss, Object.values(params))
    const named = Object.keys(params).map((name, i) => [name, slopes[i]!] as const)
    return lower(Programs.fromExprs({ loss, ...Object.fromEntries(named) }))
  }

  const recomputed = (program: Program): Program => rematerialise(program, { forward: ["loss"], keep: isCheckpoint })

  it("law: gradients of a decoder are equal bit for bit, of chunked logits to rounding", () =>
    fc.assert(
      fc.property(config, fc.nat(1000), rows(3, 5), fc.constantFrom(1, 4, 5, 30), (model, seed, row, chunk) => {
        const feeds = { ...weights(model, seed), ids: batch(row) }
        const plain = training(model, [3, 5])
        const expected = evaluate(plain, feeds)
        expect(evaluate(recomputed(plain), feeds)).toEqual(expected)
        const chunked = evaluate(recomputed(training(model, [3, 5], chunk, { sequenceBlock: 2 })), feeds)
        for (const [name, { data }] of Object.entries(expected)) {
          for (const [i, e] of data.entries()) expect(chunked[name]!.data[i]).toBeCloseTo(e, 9)
        }
      }),
      { seed: 42, numRuns: 15 }
    ))

  const model = (layers: number): ModelConfig => ({
    ...fc.sample(config, { seed: 1, numRuns: 1 })[0]!,
    model_type: "qwen2",
    attention_bias: true,
    mlp_bias: false,
    vocab_size: 300,
    hidden_size: 8,
    intermediate_size: 24,
    num_attention_heads: 2,
    num_key_value_heads: 2,
    head_dim: 4,
    num_hidden_layers: layers,
    tie_word_embeddings: false
  })

  it("law: each further layer keeps its rows alive and no more, at the price of one more forward pass", () => {
    const [few, many] = [3, 9].map((layers) => training(model(layers), [4, 24]))
    const [fewAgain, manyAgain] = [recomputed(few!), recomputed(many!)]
    // Gradients of weights are results: what six more layers need of them comes off both.
    const results =
      cost(many!, Object.keys(symbols(model(9)))).parameterBytes -
      cost(few!, Object.keys(symbols(model(3)))).parameterBytes
    const rowBytes = 4 * 24 * 8 * 4
    const growth = (a: Program, b: Program): number => (peak(b) - peak(a) - results) / 6
    expect(growth(fewAgain, manyAgain)).toBeLessThan(1.5 * rowBytes)
    expect(growth(few!, many!)).toBeGreaterThan(8 * rowBytes)
    expect(cost(manyAgain).flops).toBeLessThan(1.4 * cost(many!).flops)
  })

  it("law: with chunks no tensor as large as [B·T, V] exists, and the cost report shows it", () => {
    const [B, T, V] = [4, 25, 1000]
    const wide = { ...model(1), vocab_size: V }
    const whole = recomputed(training(wide, [B, T]))
    const chunked = recomputed(training(wide, [B, T], 16))
    const largest = ({ nodes }: Program): number => Math.max(...nodes.map((n) => Shapes.size(n.shape)))
    expect(largest(whole)).toBe(B * (T - 1) * V)
    expect(largest(chunked)).toBeLessThan((B * (T - 1) * V) / 4)
    const logits = B * (T - 1) * V * 4
    expect(peak(whole)).toBeGreaterThan(2 * logits)
    expect(peak(chunked)).toBeLessThan(logits)
  })

  it("edge: where nothing is kept nothing is recomputed", () => {
    const before = training(model(1), [2, 4])
    const after = rematerialise(before, { forward: ["loss"], keep: () => false })
    expect(cost(after).flops).toBe(cost(before).flops)
  })

  it("error: a forward output that does not exist is named", () =>
    expect(() => rematerialise(training(model(1), [2, 4]), { forward: ["lost"], keep: isCheckpoint })).toThrow(
      'forward names no output "lost"'
    ))
})
