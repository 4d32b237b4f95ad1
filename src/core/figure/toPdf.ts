import { Effect } from "effect"
import type PDFDocument from "pdfkit"
import { type Fonts, PrintFailed } from "./Fonts.ts"
import { fontSizeOf, type Run, runsOf, type Style } from "./pdfText.ts"
import { type SvgElement, svgTree } from "./svgTree.ts"

type Document = InstanceType<typeof PDFDocument>

const inherited = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-opacity",
  "stroke-width",
  "stroke-dasharray",
  "stroke-linecap",
  "stroke-linejoin",
  "font-size",
  "font-weight",
  "text-anchor",
  "paint-order",
  "color",
  "opacity"
]

const styleOf = (around: Style, { attributes }: SvgElement): Style => ({
  ...around,
  ...Object.fromEntries(inherited.flatMap((name) => (attributes[name] === undefined ? [] : [[name, attributes[name]]])))
})

const number = (value: string | undefined, otherwise: number): number =>
  value === undefined ? otherwise : Number.parseFloat(value)

const colourOf = (style: Style, name: "fill" | "stroke"): string | undefined => {
  const value = style[name] ?? (name === "fill" ? "black" : "none")
  if (value === "none") return undefined
  return value === "currentColor" ? (style["color"] ?? "black") : value
}

/** The transforms of an attribute, in its order: all that Plot and this folder write. */
const transform = (page: Document, value: string | undefined): void => {
  for (const [, name, args] of (value ?? "").matchAll(/(translate|rotate|scale)\(([^)]*)\)/g)) {
    const [a = 0, b] = args!.split(/[\s,]+/).map(Number)
    if (name === "translate") page.translate(a, b ?? 0)
    else if (name === "rotate") page.rotate(a)
    else page.scale(a, b ?? a)
  }
}

/** Puts the outline of a shape on the page; `false` for an element that is none. */
const outline = (page: Document, { tag, attributes }: SvgElement): boolean => {
  const at = (name: string): number => number(attributes[name], 0)
  switch (tag) {
    case "path":
      page.path(attributes["d"] ?? "")
      return true
    case "line":
      page.moveTo(at("x1"), at("y1")).lineTo(at("x2"), at("y2"))
      return true
    case "circle":
      page.circle(at("cx"), at("cy"), at("r"))
      return true
    case "rect":
      if (at("rx") > 0) page.roundedRect(at("x"), at("y"), at("width"), at("height"), at("rx"))
      else page.rect(at("x"), at("y"), at("width"), at("height"))
      return true
    default:
      return false
  }
}

const strokeStyle = (page: Document, style: Style): void => {
  page.lineWidth(number(style["stroke-width"], 1))
  if (style["stroke-linecap"] === "round") page.lineCap("round")
  if (style["stroke-linejoin"] === "round") page.lineJoin("round")
  const dash = (style["stroke-dasharray"] ?? "none").split(/[\s,]+/).map(Number)
  // pdfkit refuses gaps of 0, which SVG takes as a solid line.
  if (dash.every((part) => part > 0)) page.dash(dash[0]!, { space: dash[1] ?? dash[0]! })
}

const shape = (page: Document, element: SvgElement, style: Style): void => {
  const [fill, stroke] = [colourOf(style, "fill"), colourOf(style, "stroke")]
  const opacity = number(style["opacity"], 1)
  const isLine = element.tag === "line"
  const fillOpacity = opacity * number(style["fill-opacity"], 1)
  const strokeOpacity = opacity * number(style["stroke-opacity"], 1)
  if (fill !== undefined && !isLine && outline(page, element)) page.fillColor(fill, fillOpacity).fill()
  if (stroke === undefined || !outline(page, element)) return
  strokeStyle(page, style)
  page.strokeColor(stroke, strokeOpacity).stroke()
}

const text = (page: Document, run: Run, element: SvgElement): void => {
  const { style } = run
  const isCode = element.attributes["class"] === "rf-code"
  const weight = style["font-weight"] ?? "400"
  page.font(isCode ? "code" : Number(weight) >= 600 || weight === "bold" ? "bold" : "text").fontSize(fontSizeOf(style))
  const natural = page.widthOfString(run.text)
  const asked = number(element.attributes["textLength"], natural)
  const shift = style["text-anchor"] === "middle" ? 0.5 : style["text-anchor"] === "end" ? 1 : 0
  const at = [run.x - shift * asked, run.y] as const
  const options = {
    lineBreak: false,
    baseline: "alphabetic",
    ...(natural > 0 && asked !== natural ? { horizontalScaling: (100 * asked) / natural } : {})
  } as const
  const stroke = colourOf(style, "stroke")
  if (stroke !== undefined && style["paint-order"] === "stroke") {
    strokeStyle(page, style)
    page.strokeColor(stroke, 1).text(run.text, ...at, { ...options, stroke: true, fill: false })
  }
  const fill = colourOf(style, "fill")
  if (fill !== undefined)
    page.fillColor(fill, number(style["fill-opacity"], 1)).text(run.text, ...at, { ...options, fill: true })
}

const paint = (page: Document, element: SvgElement, around: Style): void => {
  if (["title", "desc", "style"].includes(element.tag)) return
  const style = styleOf(around, element)
  page.save()
  transform(page, element.attributes["transform"])
  if (element.tag === "text") for (const run of runsOf(element, style)) text(page, run, element)
  else if (element.tag === "g" || element.tag === "svg")
    for (const child of element.children) typeof child === "string" || paint(page, child, style)
  else shape(page, element, style)
  page.restore()
}

/** How a drawing becomes a page. */
export interface PdfOptions {
  readonly fonts: Fonts
  /** Width of the page in inches, 3.25 by default: one column of a journal. */
  readonly inches?: number
}

/**
 * A drawing of this library as a PDF of one page: vectors, with texts that can be selected and fonts that are in the
 * file. The same drawing gives the same bytes.
 *
 * @returns fails with PrintFailed when pdfkit is missing or cannot draw
 */
export const toPdf = (svg: string, { fonts, inches = 3.25 }: PdfOptions): Effect.Effect<Uint8Array, PrintFailed> =>
  Effect.tryPromise({
    try: async () => {
      const { default: Pdf } = await import("pdfkit")
      const root = svgTree(svg)
      const [width, height] = [Number(root.attributes["width"]), Number(root.attributes["height"])]
      const scale = (72 * inches) / width
      const description = root.children.find((child) => typeof child !== "string" && child.tag === "desc")
      const page = new Pdf({
        size: [72 * inches, height * scale],
        margin: 0,
        // No name, no reading of a font that nothing is set in.
        font: "",
        info: {
          Title: root.attributes["aria-label"] ?? "",
          Subject: typeof description === "object" ? description.children.join("") : "",
          // A date would give other bytes each time.
          CreationDate: new Date(0)
        }
      })
      const chunks: Array<Uint8Array> = []
      const ended = new Promise<void>((resolve, reject) => {
        page.on("data", (chunk: Uint8Array) => chunks.push(chunk))
        page.on("end", resolve)
        page.on("error", reject)
      })
      for (const name of ["text", "bold", "code"] as const) page.registerFont(name, Buffer.from(fonts[name]))
      page.scale(scale)
      paint(page, root, {})
      page.end()
      await ended
      return Uint8Array.from(Buffer.concat(chunks))
    },
    catch: (cause) => new PrintFailed({ format: "PDF", library: "pdfkit", cause })
  })
