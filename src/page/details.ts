import type { PackedIndex } from "../core/explorer/index.ts"
import type { Archive } from "./archive.ts"
import { byId, el, printed, verdictText } from "./dom.ts"
import { groupView, nameOf } from "./group.ts"
import { groupOf, partnerOf, siblingsOf } from "./state.ts"
import { type Signal, traceView } from "./trace.ts"

/** The open rollout: its prompt, its trace, what it is read beside, and the other completions of its prompt. */
export interface Details {
  readonly show: (rollout: number) => Promise<void>
}

/** What a rollout may be read beside, the chosen one selected. */
const picker = (
  index: PackedIndex,
  others: ReadonlyArray<number>,
  partner: number | undefined,
  choose: (partner: number | undefined) => void
): HTMLSelectElement => {
  const { verdict, score } = index.rollouts
  const chosen: HTMLSelectElement = el(
    "select",
    { id: "beside", change: () => choose(chosen.value === "" ? undefined : Number(chosen.value)) },
    el("option", { value: "" }, "nothing"),
    ...others.map((r) =>
      el(
        "option",
        { value: r, selected: r === partner },
        `${nameOf(index, r)}: ${verdictText(verdict[r]!)}, score ${printed(score[r])}`
      )
    )
  )
  return chosen
}

/** Shows rollouts in the page's place for them; `open` is told of a completion that was chosen there. */
export const makeDetails = (index: PackedIndex, archive: Archive, open: (rollout: number) => void): Details => {
  const place = byId("details")
  const tint: HTMLSelectElement = el(
    "select",
    {
      id: "signal",
      change: () => {
        if (shown !== undefined) void show(shown.rollout, shown.partner)
      }
    },
    el("option", { value: "rewards" }, "reward"),
    el("option", { value: "logProbs" }, "log-prob")
  )
  let shown: { readonly rollout: number; readonly partner: number | undefined } | undefined
  const show = async (rollout: number, partner: number | undefined): Promise<void> => {
    const own = { rollout, partner }
    shown = own
    const signal = tint.value as Signal
    const group = groupOf(index, rollout)
    const [trace, other, all] = await Promise.all([
      archive.trace(rollout),
      partner === undefined ? undefined : archive.trace(partner),
      groupView(index, archive, { group, rollout, signal, open })
    ])
    if (shown !== own) return
    const prompt = index.prompts[index.rollouts.prompt[rollout]!]!
    const others = siblingsOf(index, rollout).filter((r) => r !== rollout)
    const focused = document.activeElement?.id
    const beside = picker(index, others, partner, (next) => void show(rollout, next))
    place.replaceChildren(
      el("p", { class: "promptId" }, prompt.id),
      el("p", { class: "question", dir: "auto" }, prompt.text),
      el(
        "div",
        { class: "picks" },
        ...(others.length === 0 ? [] : [el("label", { class: "beside" }, "Beside", beside)]),
        el("label", {}, "Tint by", tint)
      ),
      el(
        "div",
        { class: other === undefined ? "pair" : "pair two" },
        traceView(index, rollout, trace, { signal, beside: other, heading: nameOf(index, rollout) }),
        ...(partner === undefined || other === undefined
          ? []
          : [traceView(index, partner, other, { signal, beside: trace, heading: nameOf(index, partner) })])
      ),
      ...(group.length < 2 ? [] : [all])
    )
    // What was just used was replaced: whoever goes on by keyboard stays there.
    if (focused === "beside") beside.focus()
    if (focused === "signal") tint.focus()
  }
  return { show: (rollout) => show(rollout, partnerOf(index, rollout)) }
}
