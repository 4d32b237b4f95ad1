import { execFile } from "node:child_process"
import { cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

const run = (file: string, args: ReadonlyArray<string>, options: { readonly cwd?: string } = {}) =>
  promisify(execFile)(file, [...args], options).catch((error: { readonly stdout: string; readonly stderr: string }) => {
    throw new Error(`${[file, ...args].join(" ")} failed:\n${error.stdout}${error.stderr}`)
  })
const root = dirname(import.meta.dirname)
const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8"))

/** A folder of someone else's, in which the package lies as npm would unpack it. */
let project = ""
const installed = () => join(project, "app/node_modules/rewardflow")

const node = (args: ReadonlyArray<string>) => run(process.execPath, args, { cwd: join(project, "app") })

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "rewardflow-package-"))
  await mkdir(installed(), { recursive: true })
  await symlink(join(root, "node_modules"), join(project, "node_modules"))
  for (const path of ["package.json", ...manifest.files.filter((path: string) => path !== "dist")]) {
    await cp(join(root, path), join(installed(), path), { recursive: true })
  }
  await writeFile(join(project, "app/package.json"), `{ "type": "module" }`)
  const tsc = join(root, "node_modules/typescript/bin/tsc")
  await run(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", join(installed(), "dist")])
})

afterAll(() => rm(project, { recursive: true, force: true }))

describe("the package that is published", () => {
  it("golden: every file that it promises is there", async () => {
    const promised = Object.values<string | Record<string, string>>(manifest.exports)
      .flatMap((entry) => (typeof entry === "string" ? [entry] : [entry["types"]!, entry["default"]!]))
      .concat(Object.values<string>(manifest.bin))
    for (const path of promised) expect((await stat(join(installed(), path))).isFile(), path).toBe(true)
  })

  it("golden: the first program runs from it, and its types hold", async () => {
    const program = await readFile(join(root, "examples/first-program.ts"), "utf8")
    await writeFile(join(project, "app/program.ts"), program)
    await writeFile(
      join(project, "app/run.mjs"),
      `import { Effect } from "effect"\nimport { main } from "./program.js"\nawait Effect.runPromise(main)\n`
    )
    await node([
      join(root, "node_modules/typescript/bin/tsc"),
      ...["--module", "nodenext", "--target", "es2024", "--strict", "--skipLibCheck", "--types", "node"],
      "program.ts"
    ])
    expect((await node(["run.mjs"])).stdout).toContain("loss 0.7701")
  })

  it("golden: the command finds its configurations from another folder", async () => {
    const command = join(installed(), manifest.bin.rewardflow)
    expect((await node([command, "--version"])).stdout).toContain(manifest.version)
    const { stdout } = await node([command, "train", "--config-name", "tiny_sft", "--cfg", "job"])
    expect(stdout).toContain("configs/tiny_sft.yaml")
  })
})
