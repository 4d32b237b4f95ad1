import type { Job } from "./jobs.ts"

/** A named job with the number of rounds that makes its median steady. */
export interface Benchmark {
  readonly name: string
  readonly job: Job
  readonly rounds: number
}

const shapes = [
  { B: 8, T: 64, D: 64, H: 4, L: 2, V: 128 },
  { B: 16, T: 128, D: 128, H: 4, L: 4, V: 512 },
  { B: 8, T: 256, D: 256, H: 8, L: 4, V: 2048 }
] as const

const decoders = [
  { D: 128, H: 4, L: 4, V: 512 },
  { D: 256, H: 8, L: 4, V: 2048 }
] as const

/** Everything that `rewardflow bench` measures. `B T D H L V` are in the names of the training steps. */
export const benchmarks: ReadonlyArray<Benchmark> = [
  ...shapes.map((s) => ({
    name: `train ${Object.values(s).join(" ")}`,
    job: { _tag: "train" as const, ...s },
    rounds: 15
  })),
  ...[false, true].flatMap((frozen) =>
    decoders.map((s) => ({
      name: `sample ${frozen ? "frozen " : ""}D ${s.D}`,
      job: { _tag: "sample" as const, B: 32, P: 32, T: 96, ...s, frozen },
      rounds: 7
    }))
  ),
  { name: "metrics 100 000 rows", job: { _tag: "metrics", B: 6250, N: 16, draws: 1000 }, rounds: 5 }
]

/** The product whose speed counts as the machine's peak. */
export const peak: Benchmark = { name: "matmul 1024", job: { _tag: "matmul", n: 1024 }, rounds: 7 }
