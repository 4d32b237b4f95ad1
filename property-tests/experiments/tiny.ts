import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, type Scope } from "effect"
import { Onnx } from "../../src/backends/onnx/index.ts"
import type { Backend } from "../../src/core/service/index.ts"
import type { QuickstartOptions } from "../../src/experiments/commands/index.ts"
import { quickPlan, type ReasoningPlan } from "../../src/experiments/quickstart/index.ts"

/** The quickstart in a few seconds; it learns nothing. */
export const tinyPlan: ReasoningPlan = {
  ...quickPlan,
  sizes: { train: 24, unlabelled: 0, validation: 8, test: 6 },
  recipe: {
    ...quickPlan.recipe,
    model: { width: 16, layers: 1, heads: 2, feedForward: 24 },
    sft: { ...quickPlan.recipe.sft, steps: 6, batchSize: 8, validateEvery: 3 },
    policy: { ...quickPlan.recipe.policy, steps: 2, promptsPerStep: 2, generations: 2 },
    critic: {
      ...quickPlan.recipe.critic,
      warmupUpdates: 3,
      updatesPerWarmupBatch: 2,
      batch: { rollouts: 2, freshShare: 0.5, perturbed: 2 }
    },
    heldOut: { prompts: 4, every: 2, selection: { keep: "last" } },
    evaluation: { generations: 2, temperature: 1 },
    checkpointEvery: 2
  }
}

/** A new folder. */
export const folder = (): string => mkdtempSync(join(tmpdir(), "rewardflow-experiment-"))

export const optionsOf = (output: string, rest: Partial<QuickstartOptions> = {}): QuickstartOptions => ({
  task: "arithmetic",
  data: undefined,
  quick: false,
  output,
  seed: 3,
  backend: "onnx-cpu",
  threads: 1,
  resume: false,
  overwrite: false,
  json: false,
  ...rest
})

/** A console that keeps what is printed. */
export const consoleInto = (out: Array<string>): Console.Console =>
  Object.assign(Object.create(globalThis.console), {
    log: (...text: ReadonlyArray<unknown>) => void out.push(text.join(" "))
  })

/** Runs an experiment on one thread; returns what it printed. */
export const printed = async <E>(
  experiment: Effect.Effect<void, E, Backend | Scope.Scope | NodeServices.NodeServices>
): Promise<string> => {
  const out: Array<string> = []
  await Effect.runPromise(
    experiment.pipe(
      Effect.scoped,
      Effect.provideService(Console.Console, consoleInto(out)),
      Effect.provide(Onnx.cpuWith({ threads: 1 })),
      Effect.provide(NodeServices.layer)
    )
  )
  return out.join("\n")
}

/** Contents of every file below a folder, by its path in it. */
export const filesOf = (path: string): Readonly<Record<string, Buffer>> =>
  Object.fromEntries(
    readdirSync(path, { recursive: true, encoding: "utf8" })
      .filter((name) => !statSync(join(path, name)).isDirectory())
      .map((name) => [name, readFileSync(join(path, name))])
  )

/** What a run has learned and sampled: its last checkpoints' tensors and its result rows. */
export const outcomeOf = (path: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(filesOf(path))
      .filter(([name]) => name.endsWith("model.safetensors") || /^eval\//.test(name))
      .map(([name, bytes]) => [name, bytes.toString("base64")])
  )

const lines = (rows: ReadonlyArray<unknown>): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("")

/** A folder with school word problems in the format of GSM8K. */
export const gsm8kFolder = (): string => {
  const path = folder()
  const rows = (from: number, n: number) =>
    Array.from({ length: n }, (_, k) => {
      const [a, b] = [from + k, (3 * k) % 7]
      const answer = `She has ${a} and gets ${b}, so ${a} + ${b} = <<${a}+${b}=${a + b}>>${a + b} pens.\nDone.\n#### ${a + b}`
      return { question: `Ann has ${a} pens and gets ${b}. How many pens has she?`, answer }
    })
  writeFileSync(join(path, "train.jsonl"), lines(rows(0, 40)))
  writeFileSync(join(path, "test.jsonl"), lines(rows(50, 8)))
  return path
}

/** A folder with completions of three models in the format of MMLU-Pro; the first is right most often. */
export const mmluProFolder = (): string => {
  const path = folder()
  mkdirSync(path, { recursive: true })
  const question = (id: number) => {
    const right = id % 3
    const letter = (shift: number) => "ABC"[(right + shift) % 3]!
    const text = (style: string, shift: number) =>
      `${style} we look at each option in turn and compare it with the question ${id}. The answer is (${letter(shift)}).`
    return {
      question_id: id,
      category: "toy",
      question: `What is number ${id}?`,
      options: [`first ${id}`, `second ${id}`, `third ${id}`],
      answer: letter(0),
      answer_index: right,
      completions: [
        { model: "strong", text: text("Carefully,", 0) },
        { model: "middling", text: text("Maybe", id % 2) },
        { model: "weak", text: text("Hm,", id % 5 === 0 ? 0 : 1) }
      ]
    }
  }
  const write = (name: string, from: number, n: number) =>
    writeFileSync(
      join(path, `${name}.jsonl.gz`),
      gzipSync(lines(Array.from({ length: n }, (_, k) => question(from + k))))
    )
  write("train", 0, 260)
  write("test", 500, 12)
  return path
}
