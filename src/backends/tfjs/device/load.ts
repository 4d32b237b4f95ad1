import type * as Core from "@tensorflow/tfjs-core"
import { PackageMissing } from "../errors.ts"

/** A package that may not be installed. @throws PackageMissing saying how to install it */
export const load = async <M>(packages: ReadonlyArray<string>, module: () => Promise<M>): Promise<M> => {
  try {
    return await module()
  } catch (cause) {
    throw new PackageMissing({ packages, cause })
  }
}

/** TensorFlow.js without any backend. */
export const loadCore = (): Promise<typeof Core> =>
  load(["@tensorflow/tfjs-core"], () => import("@tensorflow/tfjs-core"))
