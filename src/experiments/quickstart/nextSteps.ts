import { Effect } from "effect"
import { stringify } from "yaml"
import { RunDirectory } from "../../core/run/index.ts"

/** An evaluation of one of the run's rewards. */
export interface NextEvaluation {
  /** The stage that learned the reward. */
  readonly stage: string
  /** Keys of a run configuration, but for those that every evaluation has. */
  readonly config: { readonly dataset: object; readonly model: object; readonly eval: object }
}

/** What a run knows of what comes after it. */
export interface NextSteps {
  /** The data set, as configurations call it. */
  readonly dataset: string
  readonly seed: number
  readonly evaluations: ReadonlyArray<NextEvaluation>
}

/** Result files of the evaluations. */
const resultsOf = (dataset: string): string => `eval_results_${dataset}.jsonl`

/**
 * Writes what the commands after a quickstart need to be told, so that nobody repeats what the run knows:
 * `<stage>/evaluate.yaml` for `evaluate --config-path RUN/STAGE --config-name evaluate`, and `figures.yaml` for
 * `plot main --config RUN/figures.yaml`.
 */
export const writeNextSteps = Effect.fnUntraced(function* (
  directory: RunDirectory.RunDirectory,
  { dataset, seed, evaluations }: NextSteps
) {
  const { path } = directory
  for (const { stage, config } of evaluations)
    yield* RunDirectory.writeArtifact(
      directory,
      `${stage}/evaluate.yaml`,
      stringify({
        algorithm: "airl",
        seed,
        dataset: { name: dataset, ...config.dataset },
        model: config.model,
        eval: {
          reward_model: `${path}/${stage}`,
          output_file: `${path}/${stage}/${resultsOf(dataset)}`,
          ...config.eval
        }
      })
    )
  const figures = {
    domains: { [dataset]: path },
    output_root: `${path}/plots`,
    answer_only_modes: [false],
    preferred_jsonl_files: [resultsOf(dataset)],
    experiments: evaluations.map(({ stage }) => ({ label: stage, airl: stage }))
  }
  yield* RunDirectory.writeArtifact(directory, "figures.yaml", stringify(figures))
})
