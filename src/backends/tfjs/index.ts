export { AdapterLost, BufferTooLarge, IdsOutOfRange, NoAdapter, OutOfDeviceMemory, PackageMissing } from "./errors.ts"
export * as Tfjs from "./Tfjs.ts"
