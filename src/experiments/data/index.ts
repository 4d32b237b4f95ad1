export { type HubOptions, hubLayer } from "./hubLayer.ts"
export { type HubSettings, hubSettings } from "./hubSettings.ts"
