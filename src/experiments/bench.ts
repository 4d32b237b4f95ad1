import { existsSync } from "node:fs"
import { cpus } from "node:os"
import { fileURLToPath } from "node:url"
import { Console, Effect, Result, type Scope } from "effect"
import {
  type Benchmark,
  benchmarks,
  compareSides,
  peak,
  productFlops,
  type Side,
  SideFailed,
  start
} from "./bench/index.ts"
import type { BenchOptions, Handler } from "./commands/index.ts"

/** One line of the results. Times are medians of one repetition; bytes are peak resident memory of the side's process. */
export interface BenchRow {
  readonly name: string
  readonly oursMs: number
  /** The peer's name and version; null where it is not installed. */
  readonly peer: string | null
  readonly peerMs: number | null
  /** Median of ours / peer in time over alternating rounds; below 1 we are faster. */
  readonly ratio: number | null
  readonly peakBytes: number
  readonly peerPeakBytes: number | null
  /** Rate of the step's matrix products over the measured rate of a large one; null where not counted. */
  readonly shareOfPeak: number | null
}

const beside = (file: string): string =>
  fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? `./${file}.ts` : `./${file}.js`, import.meta.url))

const oursLaunch = (threads: number | undefined) =>
  start({ side: "rewardflow", command: process.execPath, args: [beside("bench/ours")], threads })

/** The peer, or why there is none. */
const peerLaunch = (threads: number | undefined): Effect.Effect<Side, SideFailed, Scope.Scope> => {
  const script = fileURLToPath(new URL("../../bench/peer.py", import.meta.url))
  return existsSync(script)
    ? start({
        side: "PyTorch",
        command: process.env["REWARDFLOW_PYTHON"] ?? "python3",
        args: [script],
        threads
      })
    : Effect.fail(new SideFailed({ side: "PyTorch", reason: `${script} is missing; run from the repository.` }))
}

const measure = (benchmark: Benchmark, options: BenchOptions, peakFlopsPerMs: number) =>
  Effect.gen(function* () {
    const ours = yield* oursLaunch(options.threads)
    const peer = yield* Effect.result(peerLaunch(options.threads))
    const found = yield* compareSides(benchmark.job, {
      ours,
      peer: Result.isSuccess(peer) ? peer.success : undefined,
      rounds: options.rounds ?? benchmark.rounds
    })
    const flops = productFlops(benchmark.job)
    const row: BenchRow = {
      name: benchmark.name,
      oursMs: found.oursMs,
      peer: Result.isSuccess(peer) ? peer.success.name : null,
      peerMs: found.peerMs,
      ratio: found.ratio,
      peakBytes: found.peakBytes,
      peerPeakBytes: found.peerPeakBytes,
      shareOfPeak: flops === undefined ? null : flops / found.oursMs / peakFlopsPerMs
    }
    return row
  }).pipe(Effect.scoped)

/** Floating-point operations a millisecond of a large matrix product, ours or the peer's, whichever is faster. */
const measurePeak = (options: BenchOptions) =>
  Effect.gen(function* () {
    const ours = yield* oursLaunch(options.threads)
    const peer = yield* Effect.result(peerLaunch(options.threads))
    if (Result.isFailure(peer)) yield* Console.error(`${peer.failure.message} Only our side is measured.`)
    const { oursMs, peerMs } = yield* compareSides(peak.job, {
      ours,
      peer: Result.isSuccess(peer) ? peer.success : undefined,
      rounds: peak.rounds
    })
    return productFlops(peak.job)! / Math.min(oursMs, peerMs ?? oursMs)
  }).pipe(Effect.scoped)

/** Share of the processors that is busy during half a second. */
const busyShare = Effect.gen(function* () {
  const times = () => {
    const all = cpus().map(({ times }) => times)
    const total = all.reduce((sum, t) => sum + t.user + t.nice + t.sys + t.irq + t.idle, 0)
    return { total, idle: all.reduce((sum, t) => sum + t.idle, 0) }
  }
  const before = times()
  yield* Effect.sleep("500 millis")
  const after = times()
  return 1 - (after.idle - before.idle) / Math.max(1, after.total - before.total)
})

const fixed = (x: number | null, digits: number, unit = ""): string =>
  x === null ? "-" : `${x.toFixed(digits)}${unit}`

const cells = (row: BenchRow): ReadonlyArray<string> => [
  row.name,
  fixed(row.oursMs, 1),
  fixed(row.peerMs, 1),
  fixed(row.ratio, 2),
  row.shareOfPeak === null ? "-" : `${Math.round(100 * row.shareOfPeak)}%`,
  fixed(row.peakBytes / 2 ** 20, 0),
  fixed(row.peerPeakBytes === null ? null : row.peerPeakBytes / 2 ** 20, 0)
]

const table = (rows: ReadonlyArray<BenchRow>): string => {
  const peer = rows.find((r) => r.peer !== null)?.peer ?? "peer"
  const head = ["benchmark", "ours ms", `${peer} ms`, "ratio", "of peak", "ours MiB", "peer MiB"]
  const lines = [head, ...rows.map(cells)]
  const widths = head.map((_, i) => Math.max(...lines.map((l) => l[i]!.length)))
  return lines
    .map((l) => l.map((c, i) => (i === 0 ? c.padEnd(widths[i]!) : c.padStart(widths[i]!))).join("  "))
    .join("\n")
}

/** Runs the benchmarks whose name contains the filter. */
export const runBenchmarks = (options: BenchOptions): Effect.Effect<ReadonlyArray<BenchRow>, SideFailed> =>
  Effect.gen(function* () {
    const chosen = benchmarks.filter(({ name }) => name.includes(options.filter ?? ""))
    if (chosen.length === 0) {
      const names = benchmarks.map(({ name }) => `"${name}"`).join(", ")
      return yield* new SideFailed({
        side: `"${options.filter}"`,
        reason: `no benchmark has that name; there are ${names}.`
      })
    }
    const busy = yield* busyShare
    if (busy > 0.1) {
      const share = `${Math.round(100 * busy)}%`
      yield* Console.error(
        `Other processes keep ${share} of this machine busy: times and ratios will not hold elsewhere.`
      )
    }
    const peakFlopsPerMs = yield* measurePeak(options)
    yield* Console.error(`Large matrix product: ${(peakFlopsPerMs / 1e6).toFixed(0)} GFLOP/s`)
    return yield* Effect.forEach(chosen, (benchmark) =>
      Effect.tap(measure(benchmark, options, peakFlopsPerMs), ({ name, ratio }) =>
        Console.error(`${name}: ${ratio === null ? "no peer" : `ratio ${ratio.toFixed(2)}`}`)
      )
    )
  })

/** `rewardflow bench`: training steps and sampling, against PyTorch in alternating runs where it is installed. */
export const bench: Handler<BenchOptions> = (options) =>
  Effect.flatMap(runBenchmarks(options), (rows) =>
    Console.log(options.json ? JSON.stringify(rows, undefined, 2) : table(rows))
  )
