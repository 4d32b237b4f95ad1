import { openArchive, readIndex } from "./archive.ts"
import { makeDetails } from "./details.ts"
import { byId, counted, el } from "./dom.ts"
import { drawHistogram } from "./histogram.ts"
import { columns, makeList } from "./list.ts"
import { boundOf, everything, type Filter, histogram, type Order, type SortKey, select, sort } from "./state.ts"

const field = (id: string) => byId(id) as HTMLInputElement
const choice = (id: string) => byId(id) as HTMLSelectElement

const options = (select: HTMLSelectElement, names: ReadonlyArray<string>): void => {
  select.append(...names.map((name, i) => el("option", { value: i }, name === "" ? "(none)" : name)))
  select.closest("label")!.hidden = names.length < 2
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
  const details = makeDetails(index, archive, (rollout) => open(rollout, false))
  const list = makeList(index, grid, (rollout) => open(rollout, true))
  let moving: ReturnType<typeof setTimeout> | undefined
  const open = (rollout: number, keepFocus: boolean): void => {
    list.mark(rollout)
    history.replaceState(null, "", `#rollout=${rollout}`)
    clearTimeout(moving)
    if (!keepFocus) return void details.show(rollout).then(() => byId("trace-h").focus())
    // A key that is held runs through the list faster than traces can be laid out.
    moving = setTimeout(() => void details.show(rollout), 40)
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
    const none = rows.length - right - wrong
    const parts = [`${right} right`, `${wrong} wrong`, ...(none > 0 ? [`${none} without a verdict`] : [])]
    status.textContent = `${rows.length.toLocaleString("en-GB")} of ${counted(total, "rollout")}: ${parts.join(", ")}.`
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
      const bound = boundOf(field(name).value)
      field(name).setAttribute("aria-invalid", String(bound === undefined))
      if (bound === undefined) status.textContent = `“${field(name).value}” is no number: write a score such as −0.5.`
      else apply({ [name]: bound })
    })
  byId("reset").addEventListener("click", () => {
    for (const id of ["search", "from", "to"]) field(id).value = ""
    for (const id of ["from", "to"]) field(id).setAttribute("aria-invalid", "false")
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
    else if (event.key === "l") grid.focus()
    else if (event.key === "Enter" && document.activeElement === grid) byId("trace-h").focus()
  })

  for (const mark of document.querySelectorAll<HTMLElement>(".key .none"))
    mark.hidden = !index.rollouts.verdict.includes(null)
  const asked = Number(/^#rollout=(\d+)$/.exec(location.hash)?.[1] ?? 0)
  refresh()
  if (total > 0) open(asked < total ? asked : 0, true)
  byId("explorer").dataset["ready"] = "true"
}

start().catch((error: unknown) => {
  byId("status").textContent =
    `The rollouts of this page cannot be read (${error}). Open it in a browser of 2023 or later, or write the report again.`
})
