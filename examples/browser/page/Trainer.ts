import type { Command, Event, Standing } from "../worker/protocol.ts"
import { byId, element } from "./element.ts"
import { choose, chosenEngine } from "./engineChoice.ts"
import { percent } from "./numbers.ts"

/** The half of the page where the model is trained. */
export interface Trainer {
  readonly receive: (event: Extract<Event, { readonly _tag: "Started" | "Standing" | "Failed" }>) => void
}

const phases = {
  imitation: "1 of 2: learning to write as the expert does",
  judging: "2 of 2: learning to tell the expert's tokens from wrong ones"
} as const

/** What stopped training, of errors that a reader may meet. */
const troubles: Readonly<Record<string, string>> = {
  NoDevice: "there is no graphics device",
  NotInstalled: "a part of the engine is missing",
  Lost: "the graphics device was lost",
  TooLarge: "the graphics device has no buffer that large",
  OutOfMemory: "the graphics device has no more memory",
  NonFinite: "the loss is no number any more"
}

const tile = (name: string, value: string, note: string): HTMLElement =>
  element(
    "div",
    {},
    element("dt", {}, name),
    element("dd", {}, element("span", { class: "big" }, value), " ", element("small", {}, note))
  )

const tiles = ({ auroc, located, chance, falseAlarms, pairs }: NonNullable<Standing["measure"]>) => [
  tile(
    "Right above wrong",
    auroc.toFixed(2),
    `AUROC of a trace's lowest token over ${pairs} right and ${pairs} wrong traces; guessing gives 0.50`
  ),
  tile(
    "First wrong step found",
    percent(located),
    `by the first token below 0; a random step is right in ${percent(chance)}`
  ),
  tile("Right traces with a token below 0", percent(falseAlarms), "false alarms: none would be best")
]

/** @param send a command to the worker   @param onTrain what else a new lesson changes in the page */
export const make = (send: (command: Command) => void, onTrain: () => void): Trainer => {
  const form = byId("training", HTMLFormElement)
  const lesson = byId("lesson", HTMLSelectElement)
  const train = byId("train", HTMLButtonElement)
  const stop = byId("stop", HTMLButtonElement)
  const status = byId("status", HTMLSpanElement)
  const bar = byId("progress", HTMLProgressElement)
  const numbers = byId("numbers", HTMLParagraphElement)
  const curves = byId("curves", HTMLDivElement)
  const measures = byId("measures", HTMLDListElement)
  const failure = byId("failure", HTMLDivElement)
  let isStopped = false
  let backend = ""

  const setStop = (label: "Stop" | "Resume", isOffered: boolean) => {
    isStopped = label === "Resume"
    stop.textContent = label
    stop.disabled = !isOffered
  }

  const starting = () => {
    failure.hidden = true
    status.textContent = "Starting …"
    setStop("Stop", false)
  }

  const begin = () => {
    starting()
    measures.hidden = true
    curves.replaceChildren()
    bar.value = 0
    numbers.textContent = ""
    onTrain()
    const seed = byId("seed", HTMLInputElement).valueAsNumber
    send({ _tag: "Train", engine: chosenEngine(), lesson: lesson.value === "short" ? "short" : "full", seed })
  }

  const fail = ({ error, reason, checkpoint }: Extract<Event, { readonly _tag: "Failed" }>) => {
    const from = checkpoint === undefined ? "Train in WebAssembly" : `Go on from update ${checkpoint} in WebAssembly`
    const retry = element("button", { type: "button" }, from)
    retry.addEventListener("click", () => {
      choose("onnx-web-wasm")
      if (checkpoint === undefined) begin()
      else {
        starting()
        send({ _tag: "Continue", engine: chosenEngine() })
      }
      train.focus()
    })
    const offer = chosenEngine() === "onnx-web-wasm" ? [] : [retry]
    const [meaning = "", words] = reason.split(" The engine said: ")
    const detail = element("details", {}, element("summary", {}, "What the engine said"), element("p", {}, words ?? ""))
    failure.replaceChildren(
      element("strong", {}, `Training stopped: ${troubles[error] ?? error}`),
      element("p", {}, meaning),
      ...(words === undefined ? [] : [detail]),
      ...offer
    )
    failure.hidden = false
    status.textContent = checkpoint === undefined ? "Not trained." : "Interrupted."
    setStop("Stop", false)
  }

  const show = (standing: Standing, state: Extract<Event, { readonly _tag: "Standing" }>["state"]) => {
    const { phase, made, updates, loss, updatesPerSecond, measure } = standing
    bar.value = made / updates
    setStop(state === "stopped" ? "Resume" : "Stop", state !== "finished")
    const said = state === "finished" ? "Trained." : state === "stopped" ? "Stopped." : `Phase ${phases[phase]}`
    // Said once a phase, not at every update, to those who listen.
    if (status.textContent !== said) status.textContent = said
    numbers.textContent = `Update ${made} of ${updates} · loss ${loss.toFixed(3)} · ${updatesPerSecond.toFixed(1)} updates a second on ${backend}`
    curves.innerHTML = standing.curves
    if (measure === undefined) return
    measures.replaceChildren(...tiles(measure))
    measures.hidden = false
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault()
    begin()
  })
  stop.addEventListener("click", () => send({ _tag: isStopped ? "Resume" : "Stop" }))

  return {
    receive: (event) => {
      if (event._tag === "Started") {
        backend = event.backend
        status.textContent = "Compiling …"
      } else if (event._tag === "Failed") fail(event)
      else show(event.standing, event.state)
    }
  }
}
