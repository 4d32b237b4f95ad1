import type { PackedIndex } from "../core/explorer/index.ts"
import type { Archive } from "./archive.ts"
import { counted, el, printed, verdictText } from "./dom.ts"
import { ribbon } from "./ribbon.ts"
import { type Signal, scaleOf } from "./trace.ts"

/** Completions of one prompt beyond this are listed without their values at a glance. */
const glanced = 64

/** Who wrote a rollout, and where it stands. */
export const nameOf = ({ rollouts, sources, files }: PackedIndex, r: number): string =>
  `${sources[rollouts.source[r]!]} #${rollouts.generationIdx[r]}${files.length > 1 ? `, ${files[rollouts.file[r]!]}` : ""}`

/** All completions of a prompt, best score first, each with its values at a glance; choosing one opens it. */
export const groupView = async (
  index: PackedIndex,
  archive: Archive,
  options: {
    readonly group: ReadonlyArray<number>
    readonly rollout: number
    readonly signal: Signal
    readonly open: (rollout: number) => void
  }
): Promise<HTMLElement> => {
  const { group, rollout, signal, open } = options
  const { rollouts } = index
  const traces = await Promise.all(group.slice(0, glanced).map(archive.trace))
  const rows = group.map((r, place) => {
    const trace = traces[place]
    const values = trace?.[signal] ?? []
    return el(
      "li",
      {},
      el(
        "button",
        { type: "button", "aria-current": r === rollout ? "true" : "false", click: () => open(r) },
        el("span", { class: "num" }, printed(rollouts.score[r])),
        el("span", {}, verdictText(rollouts.verdict[r]!)),
        trace === undefined || values.length < 2
          ? el("span", {})
          : ribbon(values, trace.stepEnds, scaleOf(index, r, trace, signal), `${values.length} tokens`),
        el("span", { class: "answer", dir: "auto" }, rollouts.answer[r] ?? "no answer"),
        el("span", { class: "origin" }, nameOf(index, r))
      )
    )
  })
  const right = group.filter((r) => rollouts.verdict[r] === 1).length
  return el(
    "section",
    { class: "group", "aria-label": "All completions of this prompt" },
    el("h3", {}, `${counted(group.length, "completion")} of this prompt, ${right} right`),
    el(
      "p",
      { class: "facts" },
      "Score, verdict, every token (up: higher than the mean, down: lower), answer. Best score first."
    ),
    el("ol", {}, ...rows)
  )
}
