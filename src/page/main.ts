import { type Archive, openArchive, readIndex } from "./archive.ts"
import { byId, el, printed, verdictText } from "./dom.ts"
import { drawHistogram } from "./histogram.ts"
import { columns, makeList } from "./list.ts"
import {
  everything,
  type Filter,
  groupOf,
  histogram,
  type Order,
  partnerOf,
  type SortKey,
  select,
  sort
} from "./state.ts"
import { type Signal, traceView } from "./trace.ts"

type Index = Awaited<ReturnType<typeof readIndex>>

const field = (id: string) => byId(id) as HTMLInputElement
const choice = (id: string) => byId(id) as HTMLSelectElement

const options = (select: HTMLSelectElement, names: ReadonlyArray<string>): void => {
  select.append(...names.map((name, i) => el("option", { value: i }, name === "" ? "(none)" : name)))
  select.closest("label")!.hidden = names.length < 2
}

/** The traces of one rollout and of what it is read beside, with the other completions of its prompt. */
const details = (index: Index, archive: Archive, open: (rollout: number) => void) => {
  const place = byId("details")
  let shown: { readonly rollout: number; readonly partner: number | undefined } | undefined
  const nameOf = (r: number): string =>
    `${index.sources[index.rollouts.source[r]!]} #${index.rollouts.generationIdx[r]}${index.files.length > 1 ? `, ${index.files[index.rollouts.file[r]!]}` : ""}`
  const show = async (rollout: number, partner: number | undefined): Promise<void> => {
    shown = { rollout, partner }
    const signal = choice("signal").value as Signal
    const trace = await archive.trace(rollout)
    const other = partner === undefined ? undefined : await archive.trace(partner)
    if (shown.rollout !== rollout || shown.partner !== partner) return
    const group = groupOf(index, rollout)
    const beside = el(
      "select",
      { id: "beside", change: () => void show(rollout, picker.value === "" ? undefined : Number(picker.value)) },
      el("option", { value: "" }, "nothing"),
      ...group
        .filter((r) => r !== rollout)
        .map((r) =>
          el(
            "option",
            { value: r, selected: r === partner },
            `${nameOf(r)}: ${verdictText(index.rollouts.verdict[r]!)}, score ${printed(index.rollouts.score[r])}`
          )
        )
    )
    const picker = beside
    const prompt = index.prompts[index.rollouts.prompt[rollout]!]!
    place.replaceChildren(
      el("h2", { tabindex: -1 }, "Trace"),
      el("p", { class: "promptId" }, prompt.id),
      el("p", { class: "question", dir: "auto" }, prompt.text),
      el("label", {}, "Beside ", beside),
      el(
        "div",
        { class: other === undefined ? "pair" : "pair two" },
        traceView(index, rollout, trace, { signal, beside: other, heading: nameOf(rollout) }),
        ...(partner === undefined || other === undefined
          ? []
          : [traceView(index, partner, other, { signal, beside: trace, heading: nameOf(partner) })])
      ),
      groupView(index, group, rollout, open)
    )
  }
  choice("signal").addEventListener(
    "change",
    () => void (shown === undefined ? undefined : show(shown.rollout, shown.partner))
  )
  return {
    show: (rollout: number) => show(rollout, partnerOf(index, rollout)),
    focus: () => place.querySelector("h2")?.focus()
  }
}

/** All completions of the prompt, best score first, each a button. */
const groupView = (
  index: Index,
  group: ReadonlyArray<number>,
  rollout: number,
  open: (rollout: number) => void
): HTMLElement => {
  const { rollouts } = index
  const scores = group.flatMap((r) => rollouts.score[r] ?? [])
  const [low, high] = [Math.min(...scores), Math.max(...scores)]
  const bar = (score: number | null): HTMLElement =>
    el("span", {
      class: "bar",
      style: `width:${score === null ? 0 : (100 * (score - low)) / (high - low || 1)}%`
    })
  const right = group.filter((r) => rollouts.verdict[r] === 1).length
  return el(
    "section",
    { class: "group" },
    el("h3", {}, `All ${group.length} completions of this prompt, ${right} right`),
    el(
      "ol",
      {},
      ...group.map((r) =>
        el(
          "li",
          {},
          el(
            "button",
            { type: "button", "aria-current": r === rollout ? "true" : "false", click: () => open(r) },
            el("span", { class: "num" }, printed(rollouts.score[r])),
            el("span", { class: "track" }, bar(rollouts.score[r]!)),
            el("span", {}, verdictText(rollouts.verdict[r]!)),
            el("span", { class: "answer", dir: "auto" }, rollouts.answer[r] ?? "no answer")
          )
        )
      )
    )
  )
}

const start = async (): Promise<void> => {
  const index = await readIndex()
  const archive = openArchive(index)
  let filter: Filter = everything
  let order: Order = { key: "place", descending: false }
  let searching = 0

  const grid = byId("grid")
  const status = byId("status")
  const total = index.rollouts.file.length
  const view = details(index, archive, (rollout) => open(rollout, false))
  const list = makeList(index, grid, (rollout) => open(rollout, true))
  const open = (rollout: number, keepFocus: boolean): void => {
    list.mark(rollout)
    void view.show(rollout).then(() => (keepFocus ? undefined : view.focus()))
  }

  const refresh = (): void => {
    const rows = sort(index, select(index, filter), order)
    list.show(rows)
    const ranged = select(index, { ...filter, from: null, to: null })
    drawHistogram(byId("histogram"), histogram(index, ranged), filter, (from, to) => {
      field("from").value = from === null ? "" : from.toPrecision(4)
      field("to").value = to === null ? "" : to.toPrecision(4)
      apply({ from, to })
    })
    const right = rows.filter((r) => index.rollouts.verdict[r] === 1).length
    const wrong = rows.filter((r) => index.rollouts.verdict[r] === 0).length
    status.textContent = `${rows.length.toLocaleString("en-GB")} of ${total.toLocaleString("en-GB")} rollouts: ${right} right, ${wrong} wrong${rows.length - right - wrong > 0 ? `, ${rows.length - right - wrong} without a verdict` : ""}.`
  }
  const apply = (change: Partial<Filter>): void => {
    filter = { ...filter, ...change }
    refresh()
  }

  options(choice("file"), index.files)
  options(choice("source"), index.sources)
  options(choice("category"), index.categories)
  choice("verdict").addEventListener("change", () => apply({ verdict: choice("verdict").value as Filter["verdict"] }))
  for (const name of ["file", "source", "category"] as const)
    choice(name).addEventListener("change", () => apply({ [name]: Number(choice(name).value) }))
  for (const name of ["from", "to"] as const)
    field(name).addEventListener("change", () => {
      const value = field(name).value.trim()
      apply({ [name]: value === "" || !Number.isFinite(Number(value)) ? null : Number(value) })
    })
  byId("reset").addEventListener("click", () => {
    for (const id of ["search", "from", "to"]) field(id).value = ""
    for (const id of ["file", "source", "category"]) choice(id).value = "-1"
    choice("verdict").value = "all"
    searching++
    apply(everything)
  })

  const search = async (): Promise<void> => {
    const words = field("search").value.trim()
    const own = ++searching
    if (words === "") return apply({ matches: null })
    const matches = await archive.search(
      words,
      () => own !== searching,
      (share) => {
        status.textContent = `Searching: ${Math.round(100 * share)}%`
      }
    )
    if (matches !== undefined) apply({ matches })
  }
  let typing: ReturnType<typeof setTimeout> | undefined
  field("search").addEventListener("input", () => {
    clearTimeout(typing)
    typing = setTimeout(() => void search(), 200)
  })

  const heads = columns.map(({ key, label, numeric }) => {
    const button = el("button", { type: "button", click: () => reorder(key) }, label)
    return { key, head: el("span", { role: "columnheader", class: numeric ? "num" : key }, button) }
  })
  byId("heads").replaceChildren(
    ...heads.map(({ head }) => head),
    el("span", { role: "columnheader", class: "origin" }, "From")
  )
  const reorder = (key: SortKey): void => {
    order = order.key !== key ? { key, descending: key !== "prompt" } : { key, descending: !order.descending }
    for (const { key: own, head } of heads) {
      if (own === key) head.setAttribute("aria-sort", order.descending ? "descending" : "ascending")
      else head.removeAttribute("aria-sort")
    }
    refresh()
  }

  const help = byId("help") as HTMLDialogElement
  byId("helpButton").addEventListener("click", () => help.showModal())
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement
    const isTyping = target.matches("input, select, textarea")
    if (event.key === "Escape" && isTyping) target.blur()
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === "/") {
      event.preventDefault()
      field("search").focus()
    } else if (event.key === "?") help.showModal()
    else if (event.key === "Enter" && document.activeElement === grid) view.focus()
  })

  refresh()
  const first = list.rows()[0]
  if (first !== undefined) open(first, true)
  byId("explorer").dataset["ready"] = "true"
}

start().catch((error: unknown) => {
  byId("status").textContent =
    `The rollouts of this page cannot be read (${error}). Open it in a browser of 2023 or later, or write the report again.`
})
