import { type Browser, chromium, type Page } from "playwright-core"

/** A page that is kept off the network, and everything that went wrong in it. */
export interface Visit {
  readonly page: Page
  /** Requests that left the site, which were refused, and errors of scripts. */
  readonly faults: ReadonlyArray<string>
}

/** How headless Chromium gives WebGPU on a machine without a GPU: by its software driver. */
export const softwareWebgpu = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]

/** A headless browser that resolves no name. */
export const launch = (executablePath: string, args: ReadonlyArray<string> = []): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", ...args]
  })

/** Opens the site in a context of its own. */
export const visit = async (
  browser: Browser,
  url: string,
  options: { readonly colorScheme?: "light" | "dark"; readonly width?: number } = {}
): Promise<Visit> => {
  const { colorScheme = "light", width = 1280 } = options
  const [site = url] = url.split("#", 1)
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } })
  const faults: Array<string> = []
  await context.route("**/*", (route) => {
    const asked = route.request().url()
    if (asked.startsWith(site) || asked.startsWith("data:") || asked.startsWith("blob:")) return route.continue()
    faults.push(`asked for ${asked}`)
    return route.abort()
  })
  const page = await context.newPage()
  page.on("pageerror", (error) => faults.push(`threw ${error.message}`))
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(`printed ${message.text()}`)
  })
  await page.goto(url)
  return { page, faults }
}
