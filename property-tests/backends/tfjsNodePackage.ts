import { createRequire } from "node:module"

/** Why `Tfjs.node` cannot be tried; `undefined` where its package is installed. */
export const tfjsNodeMissing = (() => {
  try {
    createRequire(import.meta.url).resolve("@tensorflow/tfjs-node")
    return undefined
  } catch {
    return "no @tensorflow/tfjs-node: docs/backends.md tells how to get it"
  }
})()
