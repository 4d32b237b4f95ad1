import type { JudgedTrace } from "../learn/JudgedTrace.ts"
import type { Event } from "../worker/protocol.ts"
import { changedTokens } from "./changedTokens.ts"
import { comparison } from "./comparison.ts"
import { byId, element } from "./element.ts"
import { type Example, examples } from "./examples.ts"
import { legend, scaleOf, strip } from "./strip.ts"

/** The half of the page where a trace is edited. */
export interface Editor {
  /** Has the rewards brought up to date: the model or the trace is another. */
  readonly refresh: () => void
  /** Forgets what was judged: the model is a new one. */
  readonly clear: () => void
  readonly receive: (event: Extract<Event, { readonly id: number }>) => void
}

/** @param ask has traces of a problem judged; the answer is `receive`d under the same id */
export const make = (
  ask: (request: { readonly id: number; readonly problem: string; readonly traces: ReadonlyArray<string> }) => void
): Editor => {
  const problem = byId("problem", HTMLSelectElement)
  const versions = byId("versions", HTMLDivElement)
  const text = byId("trace", HTMLTextAreaElement)
  const reading = byId("reading", HTMLParagraphElement)
  const strips = byId("strips", HTMLDivElement)
  const table = byId("comparison", HTMLDivElement)
  let id = 0
  let isWaiting = false
  let isStale = false
  // Answers up to this one are of a model that is no more.
  let forgotten = 0

  const chosen = (): Example => examples[Number(problem.value)]!

  const refresh = () => {
    isStale = isWaiting
    if (isWaiting) return
    isWaiting = true
    id++
    const { problem, expert } = chosen()
    ask({ id, problem, traces: [expert, text.value] })
  }

  const begin = (trace: string) => {
    text.value = trace
    refresh()
  }

  const offer = () => {
    const buttons = chosen().versions.map(({ name, trace }) => {
      const button = element("button", { type: "button" }, name)
      button.addEventListener("click", () => begin(trace))
      return button
    })
    versions.replaceChildren(...buttons)
    // A wrong number shows at once what the page is about.
    begin(chosen().versions[1]!.trace)
  }

  const say = (message: string, isTrouble: boolean) => {
    reading.textContent = message
    reading.classList.toggle("trouble", isTrouble)
    text.setAttribute("aria-invalid", String(isTrouble))
    strips.classList.toggle("stale", isTrouble)
  }

  const show = (traces: ReadonlyArray<JudgedTrace>) => {
    const [expert, edited] = traces as readonly [JudgedTrace, JudgedTrace]
    const scale = scaleOf(traces)
    strips.replaceChildren(
      strip("Your trace", edited, { scale, changed: changedTokens(edited, expert) }),
      strip("Expert's trace", expert, { scale, changed: new Set() })
    )
    table.replaceChildren(comparison(expert, edited))
    table.hidden = false
    say("", false)
  }

  const clear = () => {
    forgotten = id
    strips.replaceChildren(
      element(
        "p",
        { class: "empty" },
        "The rewards appear here once the model has learned to write as the expert does."
      )
    )
    table.hidden = true
  }

  problem.append(...examples.map(({ problem }, i) => element("option", { value: String(i) }, problem)))
  problem.addEventListener("change", offer)
  text.addEventListener("input", refresh)
  byId("legend", HTMLDivElement).append(...legend())
  clear()
  offer()

  return {
    refresh,
    clear,
    receive: (event) => {
      isWaiting = false
      if (event._tag === "Judged" && event.id > forgotten) show(event.traces)
      else if (event._tag === "Unreadable") say(event.reason, true)
      if (isStale) refresh()
    }
  }
}
