import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Result } from "effect"
import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import type { ScoreOptions } from "../../src/experiments/commands/index.ts"
import { score } from "../../src/experiments/score.ts"
import { policyColumns, rewardColumns, spreadOf } from "../../src/experiments/scoreFile/index.ts"
import { consoleInto, folder } from "../experiments/tiny.ts"
import { asked, trained } from "../experiments/trainSubject.ts"
import { evaluated, rowsOf } from "./subject.ts"

const run = folder()
const traces = join(run, "eval_results_arithmetic.jsonl")
beforeAll(async () => {
  Result.getOrThrow(await trained(await asked("airl", run)))
  Result.getOrThrow(await evaluated("airl", [`model.name=${run}`, "eval.n_samples=3"]))
}, 60_000)

const scored = async (rest: Partial<ScoreOptions> & Pick<ScoreOptions, "mode">) => {
  const output = rest.output ?? join(run, `scored-${rest.mode}.jsonl`)
  const out: Array<string> = []
  const options: ScoreOptions = {
    file: traces,
    model: run,
    label: "mine",
    granularity: undefined,
    stepRule: undefined,
    clip: undefined,
    rewardMode: undefined,
    logitChunk: undefined,
    backend: "onnx-cpu",
    threads: 1,
    overwrite: true,
    json: true,
    ...rest,
    output
  }
  const result = await score(options).pipe(
    Effect.provideService(Console.Console, consoleInto(out)),
    Effect.provide(NodeServices.layer),
    Effect.result,
    Effect.runPromise
  )
  return {
    summary: JSON.parse(Result.getOrThrow(Result.map(result, () => out.join("\n")))),
    rows: rowsOf(output),
    output
  }
}

type Numbers = ReadonlyArray<number>

describe("rewardflow score", () => {
  it("golden: rewards are those of the evaluation, with all columns, and a summary beside the file", async () => {
    const { rows, summary, output } = await scored({ mode: "reward" })
    for (const [i, row] of rowsOf(traces).entries()) {
      const values = rows[i]!["reward_model_score"] as Numbers
      for (const [t, x] of (row["reward_model_score"] as Numbers).entries()) expect(values[t]).toBeCloseTo(x, 4)
      expect(rows[i]).toMatchObject({
        ...{ prompt_id: row["prompt_id"], generation_idx: row["generation_idx"], score_label: "mine" },
        ...{ source_trace_file: traces, score_model_type: "reward", critic_type: "standard" },
        ...{ reward_variant: "stepwise(lines)", reward_score_num_tokens: values.length },
        reward_score_last: values.at(-1)
      })
    }
    expect(summary).toMatchObject({ rows: 12, prompts: 4, scored: 12, unscored: 0 })
    expect(JSON.parse(readFileSync(`${output}.summary.json`, "utf8"))).toEqual(summary)
  }, 30_000)

  it("golden: entropies are over the whole vocabulary, at least that of the drawn token's own uncertainty", async () => {
    const { rows, summary } = await scored({ mode: "policy" })
    for (const row of rows) {
      const [logProbs, entropies] = [row["policy_log_probs"] as Numbers, row["policy_entropies"] as Numbers]
      expect(entropies.length).toBe(logProbs.length)
      for (const [t, entropy] of entropies.entries()) {
        // H >= h(p), the entropy of "this token or another", and at most that of all tokens alike.
        const p = Math.exp(logProbs[t]!)
        const least = p >= 1 ? 0 : -(p * Math.log(p) + (1 - p) * Math.log(1 - p))
        expect(entropy).toBeGreaterThanOrEqual(least - 1e-4)
        expect(entropy).toBeLessThan(Math.log(1000))
      }
      expect(row["policy_logprob_sum"]).toBeCloseTo(
        logProbs.reduce((a, b) => a + b, 0),
        4
      )
    }
    expect(Object.keys(summary.picks)).toEqual(["max_mean_logprob", "max_sum_logprob", "min_entropy"])
  }, 30_000)

  it("law: clipped rewards are within their range", async () => {
    const { rows } = await scored({ mode: "reward", clip: [-0.001, 0.001], output: join(run, "clipped.jsonl") })
    for (const row of rows)
      for (const x of row["reward_model_score"] as Numbers) expect(Math.abs(x)).toBeLessThanOrEqual(0.001)
  }, 30_000)

  it("edge: published rows without ids are encoded by the model, and a policy is no reward model", async () => {
    const file = join(run, "published.jsonl")
    const bare = rowsOf(traces).map(({ prompt, generation, generation_idx, correctness_reward_func }) => ({
      ...{ prompt, generation, generation_idx, correctness_reward_func }
    }))
    writeFileSync(file, bare.map((row) => `${JSON.stringify(row)}\n`).join(""))
    const { rows } = await scored({ mode: "policy", file, output: join(run, "published-scored.jsonl") })
    expect(rows.length).toBe(12)
    const refused = scored({ mode: "reward", model: `${run}/best_model/nothing`, output: join(run, "x.jsonl") })
    await expect(refused).rejects.toThrow("nothing")
  }, 30_000)
})

describe("columns", () => {
  it("golden: the scalar is the mean over segments, where there are any", () => {
    const segments = [1, 5].map((value) => ({ start: 0, end: 0, value }))
    expect(rewardColumns({ reward_model_score: [1, 1, 1, 5], reward_segments: segments })).toEqual({
      reward_score_scalar: 3,
      reward_score_mean_tokens: 2,
      reward_score_sum_tokens: 8,
      reward_score_last: 5,
      reward_score_num_tokens: 4
    })
  })

  it("defect 6: a missing value keeps its place, and is no part of means", () => {
    expect(rewardColumns({ reward_model_score: [1, null, 3] })).toMatchObject({
      reward_score_mean_tokens: 2,
      reward_score_num_tokens: 3
    })
    expect(policyColumns({ policy_log_probs: [null] })).toMatchObject({
      policy_logprob_mean: null,
      policy_num_tokens: 1
    })
  })

  it("defect 12: the standard deviation is never negative under the root, however large the mean", () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1 }), fc.constantFrom(0, 1e9), (xs, base) => {
        const { add, spread } = spreadOf()
        for (const x of xs) add(base + x)
        const mean = xs.reduce((a, b) => a + b, 0) / xs.length
        const std = Math.sqrt(xs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / xs.length)
        expect(spread().std).toBeCloseTo(std, 4)
      }),
      { seed: 42 }
    ))
})
