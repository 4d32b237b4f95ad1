import { type ChildProcess, spawn } from "node:child_process"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

// Most of the time of these tests goes into starting Node.
const compileCache = join(tmpdir(), "node-compile-cache")

/** What a process came to. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  readonly child: ChildProcess
  /** Resolves when standard output holds the text, or the process ends. */
  readonly printed: (text: string) => Promise<void>
  readonly ended: Promise<Ended>
}

/** Starts Node on a file beside this one, or on a path from the root of the package. */
export const start = (file: string, args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = {}): Started => {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = spawn(process.execPath, [path, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache, NO_COLOR: "1", ...env }
  })
  let stdout = ""
  let stderr = ""
  const waiting: Array<() => void> = []
  const wake = (): void => {
    for (const check of waiting) check()
  }
  child.stdout.on("data", (chunk) => {
    stdout += String(chunk)
    wake()
  })
  child.stderr.on("data", (chunk) => {
    stderr += String(chunk)
  })
  let over = false
  const ended = new Promise<Ended>((resolve) =>
    child.on("close", (code, signal) => {
      over = true
      wake()
      resolve({ code, signal, stdout, stderr })
    })
  )
  const printed = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (over || stdout.includes(text)) resolve()
      }
      waiting.push(check)
      check()
    })
  return { child, printed, ended }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
