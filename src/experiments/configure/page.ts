import { allKeys, type Key, printCondition, printValue, rejections, sections } from "../../core/config/index.ts"

type Described = Pick<Key<unknown>, "doc" | "mapped" | "refused" | "activeWhen" | "own" | "default">

const titles: Readonly<Record<string, string>> = {
  "": "Top level",
  model: "model",
  dataset: "dataset",
  training: "training",
  sampling: "sampling",
  eval: "eval",
  guidance: "guidance",
  sft: "sft",
  opsd: "opsd"
}

const cell = (text: string): string => text.replaceAll("|", "\\|")

const defaultText = (key: Described): string =>
  key.default === undefined ? "must be given" : `\`${printValue(key.default as never)}\``

const notes = ({ doc, mapped, refused, activeWhen, own }: Described): string =>
  [
    doc,
    ...(mapped === undefined ? [] : [`Mapped: ${mapped}.`]),
    ...(activeWhen === undefined
      ? []
      : [`Matters where ${activeWhen.map((c) => printCondition(c, (text) => `\`${text}\``)).join(" and ")}.`]),
    ...Object.entries(refused ?? {}).map(([value, because]) => `\`${value}\`: ${because}`),
    ...(own === true ? ["Not a key of the reference."] : [])
  ].join(" ")

const keyTable = (section: string, keys: Readonly<Record<string, Described>>): string =>
  [
    `### ${titles[section] ?? section}`,
    "",
    "| key | default | meaning |",
    "|---|---|---|",
    ...Object.entries(keys).map(
      ([name, key]) =>
        `| \`${section === "" ? name : `${section}.${name}`}\` | ${cell(defaultText(key))} | ${cell(notes(key))} |`
    )
  ].join("\n")

const rejectionTable = (): string =>
  [
    "| key | why not | accepted all the same | `--drop-rejected` |",
    "|---|---|---|---|",
    ...Object.entries(rejections).map(([key, { because, accepts = [], droppable }]) => {
      const values = accepts.map((value) => `\`${printValue(value)}\``).join(" ")
      return `| \`${key}\` | ${cell(because)} | ${values} | ${droppable === true ? "leaves it out" : ""} |`
    })
  ].join("\n")

/** The page of all configuration keys, docs/configuration.md, from the same tables that decode them. */
export const configurationPage = (): string =>
  [
    "# Configuration",
    "",
    "Made from the tables in `src/core/config/keys` by `vitest run property-tests/config --update`. What composes a configuration is in",
    "[specs/40-configuration.md](../specs/40-configuration.md), what decodes it in",
    "[specs/41-run-configuration.md](../specs/41-run-configuration.md).",
    "",
    "    rewardflow train --config-name tiny_airl training.beta=0.1",
    "    rewardflow train --config-name tiny_airl training.beta=0.05,0.1 seed='range(3)' -m",
    "    rewardflow train --config-name tiny_airl --cfg job --resolve",
    "    rewardflow evaluate --config-name tiny_airl model.name=runs/tiny_airl eval.n_samples=8",
    "",
    "`command` in a condition is what was called: keys that matter where it is `evaluate` do nothing in training.",
    "",
    `## Keys (${allKeys.size})`,
    "",
    Object.entries(sections)
      .map(([section, keys]) => keyTable(section, keys))
      .join("\n\n"),
    "",
    `## Keys of the reference that are rejected (${Object.keys(rejections).length})`,
    "",
    "A key here is an error unless it has a value of the third column, which asks for nothing but what happens anyway.",
    "",
    rejectionTable(),
    ""
  ].join("\n")
