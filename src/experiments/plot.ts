export { plotMain, plotTransfer } from "./plot/index.ts"
