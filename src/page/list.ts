import type { PackedIndex } from "../core/explorer/index.ts"
import { el, printed, verdictText } from "./dom.ts"
import type { SortKey } from "./state.ts"

const rowHeight = 34
/** The row of headings, which stays in sight. */
const headHeight = 42
const margin = 12

export const columns: ReadonlyArray<{ readonly key: SortKey; readonly label: string; readonly numeric: boolean }> = [
  { key: "prompt", label: "Prompt", numeric: false },
  { key: "verdict", label: "Verdict", numeric: false },
  { key: "score", label: "Score", numeric: true },
  { key: "logProb", label: "Log-prob", numeric: true },
  { key: "tokens", label: "Tokens", numeric: true }
]

/** A list of which only the rows in sight are in the document, so that its length costs nothing. */
export interface List {
  readonly show: (rows: ReadonlyArray<number>) => void
  /** Marks a rollout as the open one and scrolls to it. */
  readonly mark: (rollout: number | undefined) => void
  readonly rows: () => ReadonlyArray<number>
}

export const makeList = (
  index: PackedIndex,
  grid: HTMLElement,
  open: (rollout: number, keepFocus: boolean) => void
): List => {
  const { rollouts, prompts, files, sources } = index
  const body = el("div", { class: "rows", role: "rowgroup" })
  const nothing = el("p", { class: "nothing" }, "No rollout passes these filters.")
  grid.append(body)
  let rows: ReadonlyArray<number> = []
  let current: number | undefined
  const cell = (text: string, kind = ""): HTMLElement => el("span", { role: "gridcell", class: kind }, text)
  const rowOf = (place: number): HTMLElement => {
    const r = rows[place]!
    const prompt = prompts[rollouts.prompt[r]!]!
    const verdict = rollouts.verdict[r]!
    const origin = [
      `#${rollouts.generationIdx[r]}`,
      sources[rollouts.source[r]!],
      files.length > 1 ? files[rollouts.file[r]!] : ""
    ]
    return el(
      "div",
      {
        role: "row",
        id: `rollout-${r}`,
        class: "row",
        style: `top:${place * rowHeight}px`,
        "aria-rowindex": place + 2,
        "aria-selected": r === current ? "true" : "false",
        click: () => open(r, true)
      },
      cell(`${prompt.text.slice(0, 160)}`, "prompt"),
      cell(verdictText(verdict), verdict === null ? "none" : verdict === 1 ? "right" : "wrong"),
      cell(printed(rollouts.score[r]), "num"),
      cell(printed(rollouts.logProb[r]), "num"),
      cell(String(rollouts.tokens[r]), "num"),
      cell(origin.filter((part) => part !== "").join(" · "), "origin")
    )
  }
  const inSight = (): number => grid.clientHeight - headHeight
  const paint = (): void => {
    const first = Math.max(0, Math.floor(grid.scrollTop / rowHeight) - margin)
    const last = Math.min(rows.length, Math.ceil((grid.scrollTop + inSight()) / rowHeight) + margin)
    const shown = rows.slice(first, last)
    body.replaceChildren(...shown.map((_, i) => rowOf(first + i)))
    if (current !== undefined && shown.includes(current))
      grid.setAttribute("aria-activedescendant", `rollout-${current}`)
    else grid.removeAttribute("aria-activedescendant")
  }
  const reveal = (place: number): void => {
    const [top, bottom] = [place * rowHeight, (place + 1) * rowHeight]
    if (top < grid.scrollTop) grid.scrollTop = top
    else if (bottom > grid.scrollTop + inSight()) grid.scrollTop = bottom - inSight()
  }
  const moves: Readonly<Record<string, (place: number, page: number) => number>> = {
    ArrowDown: (place) => place + 1,
    j: (place) => place + 1,
    ArrowUp: (place) => place - 1,
    k: (place) => place - 1,
    PageDown: (place, page) => place + page,
    PageUp: (place, page) => place - page,
    Home: () => 0,
    End: () => rows.length - 1
  }
  grid.addEventListener("keydown", (event) => {
    const move = moves[event.key]
    if (move === undefined || event.ctrlKey || event.metaKey || event.altKey || rows.length === 0) return
    event.preventDefault()
    const at = current === undefined ? -1 : rows.indexOf(current)
    const page = Math.max(1, Math.floor(inSight() / rowHeight) - 1)
    open(rows[Math.max(0, Math.min(rows.length - 1, move(at, page)))]!, true)
  })
  grid.addEventListener("scroll", () => requestAnimationFrame(paint), { passive: true })
  new ResizeObserver(paint).observe(grid)
  return {
    rows: () => rows,
    show: (next) => {
      rows = next
      body.style.height = `${rows.length * rowHeight}px`
      grid.setAttribute("aria-rowcount", String(rows.length + 1))
      if (rows.length === 0) grid.append(nothing)
      else nothing.remove()
      grid.scrollTop = 0
      paint()
    },
    mark: (rollout) => {
      current = rollout
      const place = rollout === undefined ? -1 : rows.indexOf(rollout)
      if (place >= 0) reveal(place)
      paint()
    }
  }
}
