import { printed as printedValue } from "../core/figure/strip/index.ts"

type Child = Node | string
type Attributes = Readonly<Record<string, string | number | boolean | ((event: never) => void)>>

const fill = <E extends Element>(element: E, attributes: Attributes, children: ReadonlyArray<Child>): E => {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value as EventListener)
    else if (value === true) element.setAttribute(name, "")
    else if (value !== false) element.setAttribute(name, String(value))
  }
  element.append(...children)
  return element
}

/** An element with attributes, listeners (functions) and children; text is never read as markup. */
export const el = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: ReadonlyArray<Child>
): HTMLElementTagNameMap[K] => fill(document.createElement(tag), attributes, children)

export const svg = <K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: ReadonlyArray<Child>
): SVGElementTagNameMap[K] => fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children)

export const byId = (id: string): HTMLElement => {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`This page lacks #${id}.`)
  return found
}

/** A value as in all views of traces; a dash for nothing. */
export const printed = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : printedValue(value)

export const verdictText = (verdict: 0 | 1 | null): string =>
  verdict === null ? "? no verdict" : verdict === 1 ? "✓ right" : "✗ wrong"

/** A count with its noun: `1 rollout`, `3,200 rollouts`. */
export const counted = (count: number, noun: string): string =>
  `${count.toLocaleString("en-GB")} ${noun}${count === 1 ? "" : "s"}`
