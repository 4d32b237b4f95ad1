import type { RunConfig } from "../../core/config/index.ts"
import type { AdapterRecipe } from "./Recipe.ts"

/** An adapter of that rank, as the configuration describes adapters; none where the rank is null. */
export const adapterRecipe = ({ model }: RunConfig, rank: number | null): { readonly adapter?: AdapterRecipe } =>
  rank === null
    ? {}
    : {
        adapter: {
          rank,
          alpha: model.lora_alpha ?? 2 * rank,
          rslora: model.use_rslora,
          targets: model.lora_target_modules,
          saved: model.lora_modules_to_save,
          fourBit: model.load_in_4bit
        }
      }
