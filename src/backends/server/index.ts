export type { AdapterOptions } from "./Adapters.ts"
export { type AdapterFolder, publishAdapter } from "./publishAdapter.ts"
export type { ServerOptions } from "./Server.ts"
export * as Server from "./Server.ts"
