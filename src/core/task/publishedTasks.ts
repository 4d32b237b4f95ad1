import { Effect, type FileSystem } from "effect"
import { type BadRows, type FileError, type PublishedSplits, Sources } from "../data/index.ts"
import { labelsOf } from "../text/index.ts"
import { aime } from "./aime.ts"
import type { ShownAs } from "./answerTask.ts"
import { type Corruptions, type LeftOut, labelled } from "./choiceProblem.ts"
import { countdown } from "./countdown.ts"
import { gsm8k } from "./gsm8k.ts"
import { gsm8kDistilled } from "./gsm8kDistilled.ts"
import type { Amount } from "./holdOut.ts"
import { math500 } from "./math500.ts"
import { medReason } from "./medReason.ts"
import { mmluPro } from "./mmluPro.ts"
import { type PreparedChoiceOptions, preparedChoice } from "./preparedChoice.ts"
import * as SystemPrompts from "./SystemPrompt.ts"
import { scienceQa } from "./scienceQa.ts"
import type { Task } from "./Task.ts"

/** What every reader is told. */
export interface Reading extends ShownAs {
  readonly folder: string
  readonly validation: Amount
  readonly seed: number
}

/** What a reader gives: the task, what it left out by reason, and the wrong traces that rows store. */
export interface ReadTask {
  readonly task: Task
  readonly leftOut: LeftOut
  readonly corruptions: ReadonlyArray<Corruptions>
}

/** A data set as it is published, and how it becomes a task. */
export interface PublishedTask extends PublishedSplits {
  /** Its repository on the hub. */
  readonly repo: string
  /** The columns that hold experts' traces. */
  readonly traces: string
  readonly read: (reading: Reading) => Effect.Effect<ReadTask, FileError | BadRows, FileSystem.FileSystem>
}

const whole = <A extends { readonly task: Task; readonly leftOut: LeftOut }>(
  read: A & { readonly corruptions?: ReadonlyArray<Corruptions> }
): ReadTask => ({ task: read.task, leftOut: read.leftOut, corruptions: read.corruptions ?? [] })

const trainAndTest = [["train"], ["test"]]

/** MedReason is one file, of this name. */
const MEDREASON = ["ours_quality_33000", "train"]

/** Multiple choice as published, or, where rows have `reasoning` and lack a column of the published ones, as prepared. */
const orPrepared =
  (
    prepared: Pick<PreparedChoiceOptions, "name" | "form"> & { readonly systemPrompt: string; readonly lacks: string },
    published: PublishedTask["read"]
  ): PublishedTask["read"] =>
  (reading) =>
    Effect.gen(function* () {
      const { lacks, ...own } = prepared
      const train = yield* Sources.findSplit(reading.folder, "train")
      const columns = train === undefined ? [] : yield* Sources.columns(train, ["reasoning", lacks])
      return columns.includes("reasoning") && !columns.includes(lacks)
        ? whole(yield* preparedChoice({ ...own, ...reading }))
        : yield* published(reading)
    })

/** Competition problems to test on; the parts of one year may lie in files of their own. */
const competition = (repo: string, parts: ReadonlyArray<string>): PublishedTask => ({
  repo,
  traces: "none",
  splits: [...parts.map((part) => [part]), ["test", "train"]],
  read: ({ folder, validation, seed, ...shown }) =>
    Effect.gen(function* () {
      const own = yield* Effect.forEach(parts, (part) => Sources.findSplit(folder, part))
      const found = own.flatMap((source) => (source === undefined ? [] : [source]))
      const test = found.length > 0 ? found : [yield* Sources.split(folder, ["test", "train"])]
      return whole(yield* aime({ ...shown, test, validation, seed }))
    })
})

/** The published data set behind each name, without the suffix `_kd`. */
export const publishedTasks = {
  gsm8k: {
    repo: "openai/gsm8k",
    traces: "answer",
    splits: trainAndTest,
    within: ["main"],
    read: (reading) =>
      Effect.map(gsm8k({ systemPrompt: SystemPrompts.math, ...reading }), (task) => whole({ task, leftOut: {} }))
  },
  gsm8k_kd: {
    repo: "onnookk/format_vs_content_reasoning_clean_gsm8k",
    traces: "answer, with a think block and a boxed integer",
    splits: trainAndTest,
    read: (reading) => Effect.map(gsm8kDistilled({ systemPrompt: SystemPrompts.math, ...reading }), whole)
  },
  countdown: {
    repo: "anmolagarwal999/train_countdown_sft_deepseek_qwen_distilled_32b_dataset",
    traces: "target",
    splits: trainAndTest,
    read: (reading) => Effect.map(countdown(reading), whole)
  },
  medical: {
    repo: "UCSC-VLAA/MedReason",
    traces: "reasoning",
    splits: [MEDREASON, ["test"]],
    read: orPrepared(
      { name: "medical", form: labelled, systemPrompt: SystemPrompts.medical, lacks: "dataset_name" },
      ({ folder, ...reading }) =>
        Effect.flatMap(Sources.split(folder, MEDREASON), (source) =>
          Effect.map(medReason({ source, ...reading }), whole)
        )
    )
  },
  mmlu: {
    repo: "TIGER-Lab/MMLU-Pro",
    traces: "reasoning, or completions, a list of {model, text}",
    splits: trainAndTest,
    read: orPrepared(
      {
        name: "mmlu",
        form: (options, i) => labelsOf(options.length)[i]!,
        systemPrompt: SystemPrompts.letter,
        lacks: "question_id"
      },
      (reading) =>
        Effect.gen(function* () {
          const train = yield* Sources.findSplit(reading.folder, "train")
          const apart = train === undefined ? { test: 1500 } : {}
          const read = yield* mmluPro({ systemPrompt: SystemPrompts.letter, ...apart, ...reading })
          return whole({ task: read.task, leftOut: read.withoutDemonstration })
        })
    )
  },
  science: {
    repo: "derek-thomas/ScienceQA",
    traces: "reasoning, or solution",
    splits: trainAndTest,
    read: orPrepared(
      { name: "science", form: (options, i) => options[i]!, systemPrompt: SystemPrompts.optionText, lacks: "choices" },
      (reading) => Effect.map(scienceQa(reading), whole)
    )
  },
  aime_train: {
    repo: "AI-MO/NuminaMath-CoT",
    traces: "solution",
    splits: [["train"]],
    read: ({ folder, ...reading }) =>
      Effect.map(aime({ train: folder, test: [], testFromTrain: 200, ...reading }), whole)
  },
  aime_2024: competition("HuggingFaceH4/aime_2024", ["test2024"]),
  aime_2025: competition("math-ai/aime25", ["test2025-I", "test2025-II"]),
  math_500: {
    repo: "HuggingFaceH4/MATH-500",
    traces: "none",
    splits: [["test"]],
    read: ({ folder, validation: _, seed: __, ...shown }) =>
      Effect.flatMap(Sources.split(folder, "test"), (test) =>
        Effect.map(math500({ ...shown, test }), (task) => whole({ task, leftOut: {} }))
      )
  }
} satisfies Readonly<Record<string, PublishedTask>>
