import { existsSync } from "node:fs"
import { constants } from "node:os"

const folder = "/usr/lib/chromium"

/** Loaded libraries are kept, also when they turn out to be no extension of Node: RTLD_NODELETE. */
const noDelete = 0x1000

/** Why there is no software Vulkan, of Debian's package `chromium`; `undefined` once this process has it. */
export const softwareVulkan = (): string | undefined => {
  const [driver, loader] = [`${folder}/vk_swiftshader_icd.json`, `${folder}/libvulkan.so.1`]
  const missing = [driver, loader].find((file) => !existsSync(file))
  if (missing !== undefined) return `no WebGPU: ${missing} is missing; install the package chromium`
  process.env["VK_ICD_FILENAMES"] ??= driver
  process.env["VK_DRIVER_FILES"] ??= driver
  try {
    // WebGPU in Node looks for a library of this name, and takes one that is there already.
    process.dlopen({ exports: {} }, loader, constants.dlopen.RTLD_LAZY | noDelete)
  } catch {
    // It registers nothing with Node, which says so.
  }
  return undefined
}
