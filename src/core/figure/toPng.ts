import { Effect } from "effect"
import { type Fonts, PrintFailed } from "./Fonts.ts"

/** How a drawing becomes pixels. */
export interface PngOptions {
  readonly fonts: Fonts
  /** The module that `@resvg/resvg-wasm` ships as `index_bg.wasm`. */
  readonly wasm: Uint8Array
  /** Width in pixels, 975 by default: a column of 3.25 inches at 300 dots an inch. */
  readonly pixels?: number
}

// The module may only be set up once a process.
let ready: Promise<void> | undefined

/**
 * A drawing of this library as PNG, with no font of the machine.
 *
 * @returns fails with PrintFailed when resvg is missing or cannot draw
 */
export const toPng = (svg: string, { fonts, wasm, pixels = 975 }: PngOptions): Effect.Effect<Uint8Array, PrintFailed> =>
  Effect.tryPromise({
    try: async () => {
      const { initWasm, Resvg } = await import("@resvg/resvg-wasm")
      ready ??= initWasm(Uint8Array.from(wasm))
      await ready
      // resvg stops at this generic name, for which it cannot be given a font.
      const image = new Resvg(svg.replaceAll("ui-monospace", "DejaVu Sans Mono"), {
        fitTo: { mode: "width", value: pixels },
        font: {
          fontBuffers: [fonts.text, fonts.bold, fonts.code],
          defaultFontFamily: "DejaVu Sans Condensed",
          sansSerifFamily: "DejaVu Sans Condensed"
        }
      })
      return image.render().asPng()
    },
    catch: (cause) => new PrintFailed({ format: "PNG", library: "@resvg/resvg-wasm", cause })
  })
