export {
  AdapterLost,
  BufferTooLarge,
  IdsOutOfRange,
  LibraryMissing,
  NoAdapter,
  NoCuda,
  OtherLibrary,
  OutOfDeviceMemory,
  PackageMissing
} from "./errors.ts"
export * as Tfjs from "./Tfjs.ts"
