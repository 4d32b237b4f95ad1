// Bundles src/page, which runs in a reader's browser, into the one string that reports hold: `node scripts/bundle-page.mjs`.
// The result is committed, so that neither the package nor a clone needs a bundler to write a report; a test holds it to
// its source.
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { rolldown } from "rolldown"

const from = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** The text of src/core/explorer/pageScript.ts as it follows from src/page. */
export const bundlePage = async () => {
  const bundle = await rolldown({ input: from("src/page/main.ts") })
  const { output } = await bundle.generate({ format: "iife", minify: true })
  // A closing tag within the script would end it.
  const script = output[0].code.trim().replaceAll("</", "<\\/")
  return [
    "// Made from src/page by scripts/bundle-page.mjs: change it there.",
    "",
    "/** What runs in the reader's browser. */",
    `export const pageScript: string = ${JSON.stringify(script)}`,
    ""
  ].join("\n")
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(from("src/core/explorer/pageScript.ts"), await bundlePage())
