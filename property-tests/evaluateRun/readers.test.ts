import { join } from "node:path"
import { Result } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import { modelFolder } from "../experiments/modelFolder.ts"
import { folder } from "../experiments/tiny.ts"
import { asked, trained } from "../experiments/trainSubject.ts"
import { evaluated, rowsOf } from "./subject.ts"

type Row = Record<string, unknown>
type Numbers = ReadonlyArray<number>
interface Segment {
  readonly start: number
  readonly end: number
  readonly value: number
  readonly g: number
  readonly shape: number
  readonly f: number
}

const evaluation = async (run: string, ...words: ReadonlyArray<string>): Promise<ReadonlyArray<Row>> => {
  Result.getOrThrow(await evaluated("airl", [`model.name=${run}`, "eval.n_samples=3", ...words], { overwrite: true }))
  return rowsOf(join(run, "eval_results_arithmetic.jsonl"))
}
const segmental = ["~model.reward_head", "model.critic_type=airl_segment"]

describe("units of evaluated completions", () => {
  const run = folder()
  let rows: ReadonlyArray<Row>
  beforeAll(async () => {
    const overrides = [...segmental, "model.num_neg_perturbations_per_expert=1"]
    Result.getOrThrow(await trained(await asked("airl", run, overrides)))
    rows = await evaluation(run, "model.critic_type=airl_segment", "model.reward_mode=mean_g_plus_shape")
  }, 60_000)

  it("defect 7: a segment critic's segments are stored, and tokens hold the value of their own", () => {
    const several = rows.filter((row) => (row["reward_segments"] as ReadonlyArray<Segment>).length > 1)
    expect(several.length).toBeGreaterThan(0)
    for (const row of rows) {
      const segments = row["reward_segments"] as ReadonlyArray<Segment>
      const tokens = row["reward_model_score"] as Numbers
      expect(segments[0]!.start).toBe(0)
      expect(segments.at(-1)!.end).toBe(tokens.length - 1)
      for (const [k, { start, end, value, g, shape, f }] of segments.entries()) {
        if (k > 0) expect(start).toBe(segments[k - 1]!.end + 1)
        expect(f).toBeCloseTo(g + shape, 5)
        expect(value).toBeCloseTo(f, 5)
        for (const x of tokens.slice(start, end + 1)) expect(x).toBe(value)
      }
    }
  })

  it("law: shaping telescopes with γ = 1: a trace's sum is the same in segments of any length", async () => {
    const sums = async (tokens: number) => {
      const found = await evaluation(
        run,
        ...["granularity=interval", `model.dense_partial_fixed_n=${tokens}`, "model.critic_type=airl_segment"]
      )
      return found.map((row) =>
        (row["reward_segments"] as ReadonlyArray<Segment>).reduce((total, { shape }) => total + shape, 0)
      )
    }
    const [short, long] = [await sums(3), await sums(7)]
    for (const [i, sum] of short.entries()) expect(sum).toBeCloseTo(long[i]!, 3)
    expect(short.some((sum) => Math.abs(sum) > 0.01)).toBe(true)
  }, 30_000)

  it("defect 5: intervals count from the completion's first token, however long the prompt was", async () => {
    const found = await evaluation(
      run,
      "granularity=interval",
      "model.dense_partial_fixed_n=4",
      "model.critic_type=airl_segment"
    )
    for (const row of found) {
      const ends = row["reward_unit_ends"] as Numbers
      const T = (row["token_ids"] as Numbers).length
      const expected = Array.from({ length: Math.floor(T / 4) }, (_, k) => 4 * k + 3)
      expect(ends).toEqual(T % 4 === 0 ? expected : [...expected, T - 1])
    }
  }, 30_000)
})

describe("models of evaluations", () => {
  it.each([
    ["scalar", ["model.reward_lora_rank=2", "model.reward_head=scalar"]],
    ["verifier", ["model.reward_head=verifier"]]
  ])(
    "golden: adapters are merged into their base, with a %s head over it",
    async (head, words) => {
      const base = await modelFolder(join(folder(), "base"))
      const run = join(folder(), "run")
      const overrides = [
        ...["~model.shape", "model.max_prompt_length=256", "model.max_completion_length=200", "sampling.top_p=1"],
        ...["eval.problems=1", "eval.test_problems=1", "training.max_steps=1", `model.policy_name=${base}`],
        ...["training.reward_warmup_steps=1", "training.reward_updates_per_warmup_batch=1", "eval.eval_steps=1"],
        ...["model.reward_name=policy", "model.policy_lora_rank=2", ...words]
      ]
      Result.getOrThrow(await trained(await asked("airl", run, overrides)))
      const shorter = [
        "~model.shape",
        "model.max_prompt_length=256",
        "model.max_completion_length=20",
        "eval.max_problems=1"
      ]
      const rows = await evaluation(run, ...shorter, "eval.compute_policy_log_probs=true")
      expect(rows.length).toBe(3)
      for (const row of rows) {
        const T = (row["token_ids"] as Numbers).length
        expect(row["reward_kind"]).toContain(head)
        expect(row["reward_model_score"]).toHaveLength(T)
        expect(row["policy_log_probs"]).toHaveLength(T)
      }
    },
    60_000
  )
})
