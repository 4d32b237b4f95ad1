import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  Clinicians,
  denseVariation,
  Grids,
  Localisation,
  localDropMass,
  localisePlaces,
  Measurements,
  onset,
  type PlaceRow,
  Selectors,
  Sensitivities,
  Stabilisers,
  summariseOnsets,
  type TracePair,
  withinSpan
} from "../../src/core/evaluation/index.ts"
import { mean, permutations } from "./pools.ts"

/** Measures of places in traces against their definitions, spelled out on random inputs. */
const run = { seed: 42, numRuns: 80 }
const few = { seed: 1, draws: 5 }
const small = fc.integer({ min: -2, max: 2 })
const signal = (length: number) => fc.array(small, { minLength: length, maxLength: length })

/** Population standard deviation. */
const deviation = (xs: ReadonlyArray<number>): number => Math.sqrt(mean(xs.map((x) => (x - mean(xs)) ** 2)))

describe("localisePlaces", () => {
  const traces = fc.array(
    fc
      .tuple(fc.integer({ min: 2, max: 7 }), fc.nat(6), fc.nat(6))
      .chain(([T, a, b]) => fc.record({ values: signal(T), targets: fc.constant([a % T, b % T]) })),
    { minLength: 1, maxLength: 4 }
  )

  it("law: hit, chance, MAP, MRR and mass are their definitions, averaged over all orders of ties", () =>
    fc.assert(
      fc.property(traces, fc.constantFrom(1, 2), fc.constantFrom(0, 1), fc.constantFrom(1, 2), (all, width, W, K) => {
        const grid = width === 1 ? Grids.token : Grids.interval(width)
        const rows = all.map(
          ({ values, targets }, i): PlaceRow => ({
            promptId: `p${i}`,
            targets,
            signals: { reward: { values, transition: Localisation.drop } }
          })
        )
        const judged = all.flatMap(({ values, targets }) => {
          const buckets = Array.from({ length: Math.ceil(values.length / width) }, (_, b) =>
            mean(values.slice(b * width, (b + 1) * width))
          )
          const places = [...buckets.keys()].slice(1)
          const exact = places.filter((p) => targets.some((t) => Math.floor(t / width) === p))
          if (exact.length === 0) return []
          const near = places.filter((p) => exact.some((q) => Math.abs(p - q) <= Math.ceil(W / width)))
          const fall = (p: number) => Math.max(0, buckets[p - 1]! - buckets[p]!)
          const all = permutations(places)
          const sorted = all.map((order) => order.toSorted((a, b) => fall(b) - fall(a)))
          const over = (orders: typeof all, of: (order: ReadonlyArray<number>) => number) => mean(orders.map(of))
          const hit = (order: ReadonlyArray<number>) => Number(order.slice(0, K).some((p) => near.includes(p)))
          const reciprocal = (order: ReadonlyArray<number>) => 1 / (order.findIndex((p) => exact.includes(p)) + 1)
          const precision = (order: ReadonlyArray<number>) =>
            mean(
              exact.map(
                (p) =>
                  order.slice(0, order.indexOf(p) + 1).filter((q) => exact.includes(q)).length / (order.indexOf(p) + 1)
              )
            )
          const moved = places.reduce((s, p) => s + fall(p), 0)
          return [
            {
              hit: over(sorted, hit),
              chance: over(all, hit),
              meanAveragePrecision: over(sorted, precision),
              averagePrecisionChance: over(all, precision),
              meanReciprocalRank: over(sorted, reciprocal),
              reciprocalRankChance: over(all, reciprocal),
              mass: moved === 0 ? near.length / places.length : near.reduce((s, p) => s + fall(p), 0) / moved
            }
          ]
        })
        const [found] = localisePlaces(rows, { grid, window: W, k: K, detectors: ["reward"], resampling: few })
        expect([found!.rows, found!.leftOut]).toEqual([judged.length, all.length - judged.length])
        if (judged.length === 0) expect(found!.hit).toMatchObject({ reason: expect.stringContaining("no trace") })
        for (const key of Object.keys(judged[0] ?? {}) as Array<keyof (typeof judged)[number]>)
          expect(Measurements.value(found![key])).toBeCloseTo(mean(judged.map((one) => one[key])), 12)
        const [hit, chance] = [mean(judged.map((one) => one.hit)), mean(judged.map((one) => one.chance))]
        if (judged.length > 0 && chance < 1)
          expect(Measurements.value(found!.normalised)).toBeCloseTo((hit - chance) / (1 - chance), 10)
      }),
      run
    ))

  it("law: a span is kept where the error and all between lie in the region and within the limit", () =>
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(9), { maxLength: 3 }),
        fc.nat(9),
        fc.nat(9),
        fc.integer({ min: 1, max: 10 }),
        (targets, start, end, limit) => {
          const covered = Array.from({ length: 10 }, (_, t) => t).filter(
            (t) => targets.some((a) => a <= t) && targets.some((a) => a >= t)
          )
          const expected = covered.length > 0 && covered.length <= limit && covered.every((t) => t >= start && t < end)
          expect(withinSpan(limit)({ promptId: "p", targets, region: { start, end }, signals: {} })).toBe(expected)
        }
      ),
      { seed: 42, numRuns: 2000 }
    ))
})

describe("pairs", () => {
  const pair = fc
    .record({
      promptId: fc.constantFrom("a", "b", "c"),
      severity: fc.constantFrom(1, 2, 3),
      T: fc.integer({ min: 1, max: 4 })
    })
    .chain(({ promptId, severity, T }) =>
      fc.tuple(signal(T), signal(T)).map(([clean, perturbed]): TracePair => {
        const ids = Array.from({ length: T }, (_, t) => t)
        return { promptId, severity, clean: { ids, rewards: clean }, perturbed: { ids, rewards: perturbed } }
      })
    )
  const pairs = fc.array(pair, { minLength: 1, maxLength: 8 })
  const groups = <A>(of: ReadonlyArray<TracePair>, value: (p: TracePair) => A) =>
    [...new Set(of.map((p) => p.promptId))].map((id) => of.filter((p) => p.promptId === id).map(value))

  it("law: margins, wins and falling prompts are means over prompts of their definitions", () =>
    fc.assert(
      fc.property(pairs, (all) => {
        const margin = ({ clean, perturbed }: TracePair) => mean(clean.rewards) - mean(perturbed.rewards)
        const sign = (p: TracePair) => (Math.sign(margin(p)) + 1) / 2
        const found = Sensitivities.sensitivity(all, Selectors.mean, few)
        expect(Measurements.value(found.wins)).toBeCloseTo(mean(groups(all, sign).map(mean)), 12)
        const margins = groups(all, margin).map(mean)
        if (margins.length === 1) expect(found.margin).toMatchObject({ reason: expect.stringContaining("2 prompts") })
        else expect(Measurements.value(found.margin)).toBeCloseTo(mean(margins), 12)
        for (const level of Sensitivities.bySeverity(all, Selectors.mean, few))
          expect(level.pairs).toBe(all.filter((p) => p.severity === level.severity).length)
        const falling = groups(all, (p) => p).flatMap((own) => {
          const levels = [1, 2, 3].flatMap((s) => {
            const at = own.filter((p) => p.severity === s).map((p) => mean(p.perturbed.rewards))
            return at.length === 0 ? [] : [mean(at)]
          })
          return levels.length < 2 ? [] : [Number(levels.every((x, i) => i === 0 || x <= levels[i - 1]!))]
        })
        const share = Sensitivities.nonIncreasing(all, Selectors.mean, few)
        if (falling.length === 0) expect(share).toMatchObject({ reason: "no prompt with several severities" })
        else expect(Measurements.value(share)).toBeCloseTo(mean(falling), 12)
      }),
      run
    ))

  it("law: what lies inside and outside a window, and the mass near an edit", () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }).chain(signal), fc.nat(8), fc.nat(3), (deltas, at, W) => {
        const near = deltas.map((_, t) => Math.abs(t - at) <= W)
        const side = (inside: boolean) => deltas.filter((_, t) => near[t] === inside)
        const found = Sensitivities.splitDeltas(deltas, [at], W)
        expect([found.inside, found.outside]).toEqual(
          [true, false].map((i) => (side(i).length === 0 ? undefined : mean(side(i))))
        )
        const positive = (of: ReadonlyArray<number>) => of.reduce((s, x) => s + Math.max(0, x), 0)
        const chance = side(true).length / deltas.length
        const share = positive(deltas) === 0 ? chance : positive(side(true)) / positive(deltas)
        const mass = localDropMass(deltas, near)
        expect(mass.share).toBeCloseTo(share, 12)
        if (chance === 1) expect(mass.normalised).toBeUndefined()
        else expect(mass.normalised).toBeCloseTo((share - chance) / (1 - chance), 12)
      }),
      run
    ))

  it("law: the onset is the first three in a row over the threshold, from the edit on; such a run before it is a false alarm", () =>
    fc.assert(
      fc.property(
        fc
          .tuple(fc.nat(8), fc.array(fc.constantFrom(0, 0.5, 2, 5), { maxLength: 8 }))
          .map(([quiet, rest]) => [...new Array<number>(quiet).fill(0), ...rest]),
        fc.nat(13),
        (deltas, edit) => {
          const before = deltas.slice(0, edit)
          const spread = deviation(before)
          const threshold = before.length === 0 ? 1 : Math.max(1, mean(before) + spread)
          const starts = [...deltas.keys()].filter((t) => [0, 1, 2].every((o) => (deltas[t + o] ?? 0) > threshold))
          const first = starts.find((t) => t >= edit)
          const found = onset(deltas, edit)
          expect(found.threshold).toBeCloseTo(threshold, 12)
          expect(found.lag).toBe(first === undefined ? undefined : first - edit)
          expect(found.falseAlarm).toBe(starts.some((t) => t + 2 < edit))
          const summary = summariseOnsets([found, found, onset([], 0)])
          expect(summary.detectionRate).toBeCloseTo(first === undefined ? 0 : 2 / 3, 12)
        }
      ),
      { seed: 42, numRuns: 2000 }
    ))

  it("law: a stabilised value is its distance from its place's usual one, in its place's usual spread", () =>
    fc.assert(
      fc.property(fc.array(signal(6), { minLength: 2, maxLength: 6 }), signal(6), (traces, values) => {
        const z = Stabilisers.fitStabiliser(traces, { bins: 3, scale: Stabilisers.moments })(values)
        const all = deviation(traces.flat())
        for (const [t, x] of values.entries()) {
          const held = traces.flatMap((trace) => trace.slice(2 * Math.floor(t / 2), 2 * Math.floor(t / 2) + 2))
          const spread = deviation(held) > 1e-6 ? deviation(held) : all > 1e-6 ? all : 1
          expect(z[t]).toBeCloseTo((x - mean(held)) / spread, 10)
        }
      }),
      run
    ))
})

describe("clinicians", () => {
  it("law: a hit is the share of the largest changes that lead to a step near the label; chance that of all steps", () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
        fc.array(small, { minLength: 12, maxLength: 12 }),
        fc.nat(3),
        fc.constantFrom(0, 1),
        (lengths, changes, label, off) => {
          const ends = lengths.map((_, s) => lengths.slice(0, s + 1).reduce((a, b) => a + b, 0))
          const steps = ends.map((end, s) => ({ start: end - lengths[s]!, end }))
          const step = label % steps.length
          const one = {
            caseId: "c",
            expert: "e",
            label: { _tag: "Step", step } as const,
            steps,
            transitions: { reward: changes }
          }
          const seen = changes.slice(0, ends.at(-1))
          const top = [...seen.keys()].filter((t) => seen[t] === Math.max(...seen))
          const hits = top.map((t) => Number(Math.abs(steps.findIndex((s) => t < s.end) - step) <= off))
          expect(Clinicians.stepHit(one, "reward", off)).toBeCloseTo(mean(hits), 12)
          const chance = mean(steps.map((_, s) => Number(Math.abs(s - step) <= off)))
          expect(Clinicians.stepChance(one, off)).toBeCloseTo(chance, 12)
        }
      ),
      run
    ))
})

describe("variation of dense rewards", () => {
  it("law: each number is its definition", () =>
    fc.assert(
      fc.property(fc.array(small, { minLength: 2, maxLength: 10 }), (r) => {
        const found = denseVariation(r)!
        const deltas = r.slice(1).map((x, i) => Math.abs(x - r[i]!))
        const span = (xs: ReadonlyArray<number>) => Math.max(...xs) - Math.min(...xs)
        expect(found).toMatchObject({
          tokens: r.length,
          range: span(r),
          unique: new Set(r).size,
          nonFlat: span(r) > 0,
          interiorNonFlat: span(r.slice(0, -1)) > 0,
          flatUntilLast: span(r) > 0 && span(r.slice(0, -1)) === 0
        })
        expect(found.std).toBeCloseTo(deviation(r), 12)
        expect(found.meanAbsDelta).toBeCloseTo(mean(deltas), 12)
        expect(found.changed).toBeCloseTo(mean(deltas.map((d) => Number(d > 0))), 12)
        if (span(r) === 0) expect([found.prefixRangeShare, found.finalJumpShare]).toEqual([undefined, undefined])
        else {
          expect(found.prefixRangeShare).toBeCloseTo(span(r.slice(0, -1)) / span(r), 12)
          expect(found.finalJumpShare).toBeCloseTo(deltas.at(-1)! / deltas.reduce((a, b) => a + b), 12)
        }
      }),
      run
    ))
})
