import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { Selectors } from "../src/core/evaluation/index.ts"
import { Censuses, joinRows, PromptPools, parseResult, TraceScores, Verdicts } from "../src/core/result/index.ts"

const published = (idx: number, more: object = {}) => ({
  prompt: [
    { role: "system", content: "s" },
    { role: "user", content: "What  is\n1+1? " }
  ],
  generation: { content: `g${idx}` },
  generation_idx: idx,
  correctness_reward_func: 2,
  ...more
})
const text = (row: object): string => JSON.stringify(row)
const parse = (row: string | object) =>
  Result.getOrThrow(parseResult(typeof row === "string" ? row : text(row), { file: "r.jsonl", line: 1 }))
const census = (rows: ReadonlyArray<object | string>, expected = {}) => {
  const account = Censuses.make(expected)
  const kept = rows.flatMap((row, i) => {
    const place = { file: "r.jsonl", line: i + 1 }
    const added = Censuses.add(account, {
      ...place,
      row: parseResult(typeof row === "string" ? row : text(row), place)
    })
    return added === undefined ? [] : [added]
  })
  return { kept, problems: Object.fromEntries(Censuses.report(account).map((p) => [p.kind, p.count])), account }
}

describe("published rows", () => {
  it("golden: go by their question, white space normalised", () => {
    expect(parse(published(0)).prompt_id).toBe("What is 1+1?")
    expect(parse(published(0, { prompt_id: "p7" })).prompt_id).toBe("p7")
  })

  it.each([
    [[0], undefined, []],
    [[], undefined, []],
    [[0.5], [0.5], [0.5]],
    [[3, 3, 3], [3, 3, 3], [3]],
    [
      [3, 3, 4],
      [3, 3, 4],
      [3, 3, 4]
    ]
  ])("golden: the score %j is read as %j, its units as %j", (score, read, units) => {
    const row = parse(published(0, { reward_model_score: score }))
    expect(row.reward_model_score).toEqual(read)
    expect(TraceScores.unitRewards(row)).toEqual(units)
  })

  it("edge: a row that has a schema version is taken at its word", () => {
    expect(parse(published(0, { schema_version: 1, reward_model_score: [0] })).reward_model_score).toEqual([0])
  })

  it("defect 6: NaN keeps its place, as null, and texts that speak of NaN stay as they are", () => {
    const line = text(published(0, { reward_model_score: [1, 99, 2] })).replace("99", "NaN")
    const row = parse(line.replace('"g0"', '"NaN, \\"Infinity\\""'))
    expect(row.reward_model_score).toEqual([1, null, 2])
    expect(row.generation.content).toBe('NaN, "Infinity"')
    expect(TraceScores.reward(Selectors.last)(row)).toBe(2)
  })

  it("defect 7: the segments of a segment critic are its units", () => {
    const segments = [
      { start: 0, end: 1, value: 4 },
      { start: 2, end: 2, value: null }
    ]
    expect(TraceScores.unitRewards(parse(published(0, { reward_segments: segments })))).toEqual([4, Number.NaN])
  })
})

describe("verdicts", () => {
  it("defect 17: one rule: 2 is right, 0 is wrong, anything else is no verdict", () => {
    expect(
      [2, 0, 1, 0.5, null].map((c) => Verdicts.stored(parse(published(0, { correctness_reward_func: c }))))
    ).toEqual([true, false, undefined, undefined, undefined])
  })
})

describe("problems of a file", () => {
  it("golden: each is named and counted, and a sound file has none", () => {
    const own = (idx: number, more: object = {}) => published(idx, { prompt_id: "p", reward_model_score: [1], ...more })
    expect(census([own(0), own(1)]).problems).toEqual({})
    const { problems, kept } = census(
      [
        own(1),
        own(0, { reward_model_score: [1, null], policy_log_probs: [-1] }),
        own(0),
        "{",
        own(0, { prompt_id: "q", correctness_reward_func: null, checkpoint_id: "a", reward_kind: "dense" }),
        own(2, { reward_model_score: undefined, checkpoint_id: "b", reward_kind: "sparse" }),
        own(0, { prompt_id: "other" })
      ],
      { promptIds: ["p", "q", "r"] }
    )
    expect(problems).toEqual({
      badRow: 1,
      duplicate: 1,
      wrongDataset: 1,
      ragged: 1,
      wrongOrder: 2,
      fewerSamples: 1,
      missingPrompt: 1,
      noVerdict: 1,
      noScore: 1,
      nonFiniteScore: 1,
      mixedCheckpoints: 2,
      mixedRewards: 2
    })
    expect(kept.map((row) => `${row.prompt_id}${row.generation_idx}`)).toEqual(["p1", "p0", "q0", "p2"])
  })

  it("golden: other weights at one place are another checkpoint, and another reward", () => {
    const own = (idx: number, weights: string) =>
      published(idx, {
        ...{ reward_model_score: [1], checkpoint_id: "run", checkpoint_weights: weights },
        ...{ reward_kind: "dense", reward_model_weights: weights }
      })
    expect(census([own(0, "aa"), own(1, "aa")]).problems).toEqual({})
    const { problems, account } = census([own(0, "aa"), own(1, "bb")])
    expect(problems).toEqual({ mixedCheckpoints: 2, mixedRewards: 2 })
    expect(Censuses.report(account)[0]!.first).toBe("run (weights aa), run (weights bb)")
  })

  it("edge: tokens beyond the last unit have no reward, and lack none", () => {
    const cut = { reward_model_score: [1, 2, null], reward_unit_ends: [0, 1] }
    expect(census([published(0, cut)]).problems).toEqual({})
    expect(census([published(0, { ...cut, reward_unit_ends: [0, 2] })]).problems).toEqual({ nonFiniteScore: 1 })
  })

  it("error: a problem says where it is first, and the repair", () => {
    const { account } = census([published(0), published(0)])
    expect(Censuses.report(account).map(Censuses.describe)).toEqual([
      "duplicate: 1 (first: r.jsonl:2). Remove the later ones, which are left out here; two runs may have written to one file."
    ])
  })

  it("edge: fewer than N samples are counted by prompt", () => {
    expect(census([published(0)], { generations: 16 }).problems).toEqual({ fewerSamples: 1 })
  })

  it("golden: an expert's trace beside the samples of its prompt is none of them, and takes no index from them", () => {
    const sample = (idx: number) => published(idx, { prompt_id: "p", reward_model_score: [1] })
    const beside = (source: string) => published(0, { prompt_id: "p", source, correctness_reward_func: null })
    const { problems, kept } = census([sample(0), beside("expert"), sample(1), beside("clean")], { generations: 2 })
    expect(problems).toEqual({})
    expect(kept.length).toBe(4)
    expect(PromptPools.ofRows(kept.map((row) => ({ ...row, correctness_reward_func: 2 })))[0]?.correct).toHaveLength(2)
    expect(census([sample(0), beside("expert"), beside("expert")]).problems).toEqual({ duplicate: 1 })
    expect(census([beside("demonstration")], { promptIds: ["p"] }).problems).toEqual({ missingPrompt: 1 })
    // Several models' completions of one prompt are samples, by whatever name they go.
    expect(census([published(0, { source: "qwen" }), published(1, { source: "llama" })]).problems).toEqual({})
  })

  it("defect 10: lists that do not pair up are counted, and a unit must end within its row", () => {
    const row = published(0, { reward_model_score: [1, 2], reward_unit_ends: [0, 2] })
    expect(census([row]).problems).toEqual({ ragged: 1 })
    expect(census([published(0, { token_ids: [1, 2, 3], reward_model_score: [1, 2] })]).problems).toEqual({ ragged: 1 })
  })
})

describe("pools", () => {
  it("defect 8: rows are joined by key, whatever their order, and only with the same text", () => {
    const left = [0, 1, 2].map((i) => parse(published(i)))
    const right = [2, 1, 0, 3].map((i) => parse(published(i, { policy_log_probs: [-i] })))
    const other = { ...right[2]!, generation: { content: "another" } }
    const joined = joinRows(left, [right[0]!, right[1]!, other, right[3]!], ["policy_log_probs"])
    expect(joined.rows.map((row) => row.policy_log_probs)).toEqual([undefined, [-1], [-2]])
    expect(joined).toMatchObject({ leftOnly: 0, rightOnly: 1, differing: 1 })
  })

  it("defect 8: equal texts of two checkpoints are two draws, which are not joined", () => {
    const drawn = (checkpoint_weights: string, more: object = {}) => [
      parse(published(0, { checkpoint_weights, ...more }))
    ]
    const joined = (weights: string) =>
      joinRows(drawn("aa"), drawn(weights, { policy_log_probs: [-1] }), ["policy_log_probs"])
    expect(joined("aa").rows[0]!.policy_log_probs).toEqual([-1])
    expect(joined("bb")).toMatchObject({ differing: 1 })
    expect(joined("bb").rows[0]).not.toHaveProperty("policy_log_probs")
  })

  it("defect 8: two problems that are asked in the same words stay two, where rows name them", () => {
    const rows = ["a", "b"].flatMap((prompt_id) => [0, 1].map((i) => parse(published(i, { prompt_id }))))
    expect(PromptPools.ofRows(rows).map(({ promptId, correct }) => [promptId, correct.length])).toEqual([
      ["a", 2],
      ["b", 2]
    ])
    expect(census(rows).problems).toEqual({})
  })

  it("defect 9: without scores there is no score to rank by, least of all the correctness", () => {
    const rows = [0, 1].map((i) => parse(published(i, { reward_model_score: [0], correctness_reward_func: 2 * i })))
    const [pool] = PromptPools.ofRows(rows, { scores: { reward: TraceScores.reward(Selectors.mean) } })
    expect([pool?.correct, pool?.scores]).toEqual([[false, true], {}])
  })

  it("golden: a prompt's rows in the order of their index, answers and scores beside them; no verdict, no part", () => {
    const rows = [
      parse(published(2, { correctness_reward_func: null })),
      parse(published(1, { extracted_answer: "2", reward_model_score: [1, 2] })),
      parse(published(0, { correctness_reward_func: 0, category: "sums" }))
    ]
    expect(PromptPools.ofRows(rows, { scores: { reward: TraceScores.reward(Selectors.mean) } })).toEqual([
      {
        promptId: "What is 1+1?",
        generationIdx: [0, 1],
        correct: [false, true],
        answers: [undefined, "2"],
        scores: { reward: [Number.NaN, 1.5] }
      }
    ])
  })

  it("golden: the scores that need no model: length, certainty, log-probability", () => {
    const row = parse(published(0, { policy_log_probs: [-1, null, -3], policy_entropies: [1, 2] }))
    expect([TraceScores.brevity, TraceScores.certainty, TraceScores.logProb].map((of) => of(row))).toEqual([
      -2, -1.5, -2
    ])
    // (½² · -1 + -3) / (½² + 1): the missing one keeps its place.
    expect(TraceScores.logProbBy(Selectors.discounted(0.5))(row)).toBeCloseTo(-3.25 / 1.25, 12)
  })
})
