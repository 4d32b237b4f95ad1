import { parseHTML } from "linkedom"

/** An element of a drawing with what it holds; texts are strings. */
export interface SvgElement {
  readonly tag: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: ReadonlyArray<SvgElement | string>
}

const ELEMENT = 1
const TEXT = 3

type DomElement = NonNullable<ReturnType<ReturnType<typeof parseHTML>["document"]["querySelector"]>>

const walk = (element: DomElement): SvgElement => ({
  tag: element.localName,
  attributes: Object.fromEntries([...element.attributes].map(({ name, value }) => [name, value])),
  children: [...element.childNodes].flatMap((node): ReadonlyArray<SvgElement | string> => {
    if (node.nodeType === TEXT) return [node.textContent ?? ""]
    return node.nodeType === ELEMENT ? [walk(node as DomElement)] : []
  })
})

/** The elements of an SVG document that this library drew. @throws Error when the text holds no svg element */
export const svgTree = (svg: string): SvgElement => {
  const { document } = parseHTML(`<!doctype html><html><body>${svg}</body></html>`)
  const root = document.querySelector("svg")
  if (root === null) throw new Error("The text holds no svg element: give what toSvg returned.")
  return walk(root)
}
