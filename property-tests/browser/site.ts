import { readFile } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { extname, join, normalize } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "vite"

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm"
}

const fileAt = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Builds the example into a folder as `vite build` does, with lessons (`tinyLesson.ts`) that are over in seconds. */
export const buildExample = (folder: string): Promise<unknown> =>
  build({
    configFile: fileAt("../../examples/browser/vite.config.ts"),
    logLevel: "error",
    resolve: { alias: [{ find: /^.*\/learn\/settings\.ts$/, replacement: fileAt("tinyLesson.ts") }] },
    build: { outDir: folder, emptyOutDir: true, minify: false }
  })

/** Serves a folder on the loopback interface, and nothing else. */
export const serveFolder = async (folder: string): Promise<{ readonly url: string; readonly close: () => void }> => {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname
    const file = join(folder, normalize(path === "/" ? "/index.html" : path))
    try {
      const bytes = await readFile(file)
      response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" }).end(bytes)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() }
}
