import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { Data, Effect, FileSystem } from "effect"
import {
  type Drawing,
  type Fonts,
  type Table,
  TableFiles,
  Tables,
  Themes,
  toPdf,
  toPng
} from "../../core/figure/index.ts"

/** A package that holds what pictures are made with is not there. */
export class PicturesUnavailable extends Data.TaggedError("PicturesUnavailable")<{
  readonly name: string
  readonly cause: unknown
}> {
  override get message(): string {
    return `No pictures without ${this.name}. Install it: npm install ${this.name}`
  }
}

const require = createRequire(import.meta.url)

const bytesOf = (name: string, path: string) =>
  Effect.tryPromise({
    try: async () => new Uint8Array(await readFile(require.resolve(`${name}/${path}`))),
    catch: (cause) => new PicturesUnavailable({ name, cause })
  })

const font = (face: string) => bytesOf("dejavu-fonts-ttf", `ttf/${face}.ttf`)

/** What makes pictures on a machine without a font. */
export interface Press {
  readonly fonts: Fonts
  readonly wasm: Uint8Array
}

/** Reads the fonts and the renderer that come with the library. */
export const openPress: Effect.Effect<Press, PicturesUnavailable> = Effect.all({
  fonts: Effect.all({
    text: font("DejaVuSansCondensed"),
    bold: font("DejaVuSansCondensed-Bold"),
    code: font("DejaVuSansMono")
  }),
  wasm: bytesOf("@resvg/resvg-wasm", "index_bg.wasm")
})

/** Writes a drawing as SVG, PDF and PNG, and its caption beside them. */
export const writeDrawing = Effect.fnUntraced(function* (folder: string, drawing: Drawing, press: Press) {
  const fs = yield* FileSystem.FileSystem
  yield* fs.makeDirectory(folder, { recursive: true })
  const svg = drawing.svg(Themes.print)
  const at = `${folder}/${drawing.id}`
  yield* fs.writeFileString(`${at}.svg`, svg)
  yield* fs.writeFile(`${at}.pdf`, yield* toPdf(svg, press))
  yield* fs.writeFile(`${at}.png`, yield* toPng(svg, press))
  yield* fs.writeFileString(`${at}.caption.txt`, `${drawing.title}. ${drawing.caption}\n`)
})

/** Writes a table as JSON, and from the same values as LaTeX, Markdown, CSV, TSV and text. */
export const writeTable = Effect.fnUntraced(function* (folder: string, table: Table) {
  const fs = yield* FileSystem.FileSystem
  yield* fs.makeDirectory(folder, { recursive: true })
  const at = `${folder}/${table.id}`
  yield* fs.writeFileString(`${at}.json`, TableFiles.toJsonDocument(table))
  yield* fs.writeFileString(`${at}.tex`, TableFiles.toLatex(table))
  yield* fs.writeFileString(`${at}.md`, `## ${table.title}\n\n${Tables.toMarkdown(table)}\n\n${table.caption}\n`)
  yield* fs.writeFileString(`${at}.csv`, TableFiles.toCsv(table))
  yield* fs.writeFileString(`${at}.tsv`, TableFiles.toTsv(table))
  yield* fs.writeFileString(`${at}.txt`, `${table.title}\n${Tables.toText(table)}\n${table.caption}\n`)
})
