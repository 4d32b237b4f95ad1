import { existsSync } from "node:fs"

/** Where Chromium lies on common systems, in the order in which it is looked for. */
const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/snap/bin/chromium",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
]

/** The browser to test in, or why there is none. */
export const findChromium = (
  environment: Readonly<Record<string, string | undefined>> = process.env
): { readonly path: string } | { readonly reason: string } => {
  const asked = environment["CHROMIUM"]
  if (asked !== undefined && asked !== "")
    return existsSync(asked) ? { path: asked } : { reason: `CHROMIUM is ${asked}, where no file is` }
  const path = places.find((place) => existsSync(place))
  return path === undefined
    ? { reason: `no Chromium at ${places.join(", ")}; install it, or say where it is in CHROMIUM` }
    : { path }
}
