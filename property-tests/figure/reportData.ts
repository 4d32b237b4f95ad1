import { Localisation, Measurements, passAtK, Rerankers } from "../../src/core/evaluation/index.ts"
import { rewardBins } from "../../src/core/figure/index.ts"
import type { Method, ReportData } from "../../src/core/figure/report/index.ts"

/** Text that would break a page that trusts it. */
export const hostile = "</style></script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"

const resampling = { seed: 1, draws: 100 }

const pools = Array.from({ length: 12 }, (_, b) => {
  const correct = Array.from({ length: 8 }, (_, i) => (b * 5 + i * 3) % 7 < 3)
  return {
    correct,
    answers: correct.map((c, i) => (c ? "9" : i === 2 ? undefined : String((b + i) % 3))),
    scores: {
      reward: correct.map((c, i) => (c ? 1 : 0) + ((b + i) % 5) / 3),
      logProb: correct.map((_, i) => -((b * i) % 4))
    }
  }
})

const rows = pools.map((_, b) => ({
  promptId: `p${b}`,
  firstWrongStep: b % 3,
  suspicion: {
    reward: Array.from({ length: 3 }, (_, s) => (s === b % 3 ? 2 : (b + s) % 4)),
    logProb: Array.from({ length: 3 }, (_, s) => (b * s) % 2)
  }
}))

const method = (key: string, kind: Method["kind"]): Method => ({
  key,
  label: `${kind} ${key} ${hostile}`,
  kind,
  selector: "mean",
  passAt1: passAtK(
    pools.map((p) => p.correct),
    1,
    resampling
  ),
  ...(kind === "sft" ? {} : { gainOverSft: Measurements.estimate(-0.0123, [-0.0456, 0.0211], 12) }),
  passAtK: [1, 2, 8, 16].map((k) => ({
    k,
    value: passAtK(
      pools.map((p) => p.correct),
      k,
      resampling
    )
  })),
  rerank: Rerankers.curve(pools, Rerankers.standard, [1, 2, 8], resampling),
  localisation: Localisation.localise(rows, ["reward", "logProb"], resampling),
  separation: {
    aurocPooled: Measurements.estimate(0.8123, [0.75, 0.87], 12),
    aurocWithinPrompt: Measurements.notAvailable("no prompt has both right and wrong completions")
  },
  criticHealth: [1, 2, 3].map((step) => ({
    step,
    expertAccuracy: 0.5 + 0.1 * step,
    policyAccuracy: 0.6,
    auroc: 0.5 + 0.15 * step,
    margin: step / 3,
    lengthAuroc: 0.55,
    surfaceAuroc: 0.5 + 0.05 * step,
    anchorDrift: step - 1,
    replayedShare: 0.5
  })),
  rewardBins: rewardBins(
    pools.flatMap((p) => p.scores.reward),
    pools.flatMap((p) => p.correct)
  ),
  curves: [
    {
      id: "loss",
      title: hostile,
      xLabel: "step",
      yLabel: "loss (nats)",
      format: "number",
      points: [0, 1, 2].map((step) => ({ series: "loss", step, value: 1 / (step + 1) })),
      displayOnly: ["loss"]
    }
  ]
})

/** A full report over made-up completions, hostile in every text. */
export const reportData: ReportData = {
  title: `Report ${hostile}`,
  description: hostile,
  task: `arithmetic ${hostile}`,
  seed: 7,
  config: [{ key: hostile, value: hostile }],
  methods: [method("sft", "sft"), method("stepwise", "airl"), method("dense", "airl"), method("grpo", "grpo")],
  heatStrips: [
    {
      id: "trace-1",
      title: hostile,
      prompt: hostile,
      isCorrect: false,
      finalAnswer: hostile,
      expectedAnswer: null,
      firstWrongStep: 1,
      steps: [
        { value: 0.25, tokens: [{ text: hostile, value: 0.25 }] },
        { value: -0.75, tokens: [{ text: "</span>", value: -0.75 }] }
      ],
      mean: 0,
      scale: 1
    }
  ],
  tables: [
    {
      id: "times",
      title: hostile,
      caption: hostile,
      columns: [
        { key: "stage", label: hostile, format: "number" },
        { key: "seconds", label: "seconds", format: "number" }
      ],
      rows: [[hostile, 12.5]]
    }
  ],
  notes: [hostile],
  wallSeconds: 252.4,
  peakMemoryBytes: 1.2e9
}

/** The same run with nothing in it. */
export const emptyData: ReportData = {
  ...reportData,
  title: "Empty",
  config: [],
  methods: [],
  heatStrips: [],
  tables: [],
  notes: []
}
