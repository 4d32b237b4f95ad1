export { type HubOptions, hubLayer } from "./hubLayer.ts"
export { retryAfter } from "./hubRequest.ts"
export { type HubSettings, hubSettings } from "./hubSettings.ts"
