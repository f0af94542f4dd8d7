// Between a page and its running copilot: the page's functions, what it shows, and what it asks; what the copilot tells.
// It is fetched beside the module, like everything that a page without an opened copilot does not need.
import { chunk } from "./chunks.js";
import { hold, watched } from "./crash.js";
import * as bindings from "./triptych_bindings.js";

/** @typedef {bindings.WidgetHandle} Handle */
/** @typedef {{ name: string, description?: string, parameters?: object, consent?: "ask" | "never", handler: Function }} Tool */
/** @typedef {[json?: string, options?: { title?: string }]} Context */
/** @typedef {[resolve: (value: any) => void, reject: (error: Error) => void]} Settle */
/** @typedef {[text: string, options?: { name?: string, schema?: object }, settle?: Settle]} Question */
/** @typedef {HTMLElement & { open: any, getToken?: Function, tools: Map<string, Tool>, context: Context }} Copilot */

/** What each running copilot was told last, to tell it only what is new. @type {WeakMap<Handle, Record<string, string>>} */
const told = new WeakMap();
/** Questions without an answer. @type {WeakMap<Copilot, Set<Settle>>} */
const asked = new WeakMap();

/**
 * Puts a copilot into its shadow root, in the place of what stood there.
 *
 * @param {ShadowRoot} shadow
 * @param {object} config
 * @param {Copilot} element
 * @param {(detail: object) => void} crashed
 */
export function mount(shadow, config, element, crashed) {
  const focused = shadow.activeElement;
  const root = document.createElement("div");
  root.setAttribute("part", "root");
  shadow.replaceChildren(root);
  const handle = plain(() => bindings.mount(root, config, watched(host(element, crashed))));
  told.set(handle, { config: JSON.stringify(config) });
  if (focused) root.querySelector("textarea")?.focus();
  return handle;
}

/**
 * Tells a running copilot what has changed, and what the page asks.
 *
 * @param {Handle} handle
 * @param {object} config
 * @param {Copilot} element
 * @param {Question[]} questions
 */
export function update(handle, config, element, questions) {
  const known = told.get(handle) ?? {};
  /** @type {(what: string, text: string, tell: () => void) => void} */
  const changed = (what, text, tell) => {
    if (known[what] === text) return;
    known[what] = text;
    tell();
  };
  changed("config", JSON.stringify(config), () => plain(() => handle.set_config(config)));
  const tools = [...element.tools.values()].slice(0, 64);
  const wire = tools.map(({ name, description, parameters }) =>
    JSON.stringify({ type: "function", function: { name, description, parameters } }),
  );
  const names = tools.map(({ name, consent }) => (consent === "never" ? name : `${name}?`)).join(" ");
  const definitions = wire.join("\n");
  changed("tools", names + definitions, () => handle.set_tools(names, definitions));
  const [json, options] = element.context;
  const value = json && JSON.parse(json);
  const shown = value == null ? "" : typeof value === "string" ? value : JSON.stringify(value, null, 2);
  changed("context", `${options?.title}\n${shown && json}`, () => handle.set_context(`${options?.title ?? ""}`, shown, shown && `${json}`));
  for (const question of questions) ask(handle, element, ...question);
}

/** @type {(handle: Handle, element: Copilot, ...question: Question) => void} */
function ask(handle, element, text, options, settle) {
  if (!settle) return handle.send(`${text}`, "", undefined);
  const { name = "answer", schema } = options ?? {};
  const format = schema && JSON.stringify({ type: "json_schema", json_schema: { name, schema, strict: true } });
  const waiting = asked.get(element) ?? new Set();
  asked.set(element, waiting.add(settle));
  // Called once, with a code where there is no answer.
  handle.send(`${text}`, format ?? "", (/** @type {string} */ answer, /** @type {string | undefined} */ code) => {
    waiting.delete(settle);
    const [resolve, reject] = settle;
    if (code) return reject(failure(code, answer));
    if (!format) return resolve(answer);
    try {
      resolve(JSON.parse(answer.replace(/^\s*```(?:json)?\n([^]*)\n```\s*$/, "$1")));
    } catch {
      reject(Object.assign(failure("not_json", "The answer is not JSON."), { text: answer }));
    }
  });
}

/**
 * What a copilot needs of its page.
 *
 * @param {Copilot} element
 * @param {(detail: object) => void} crashed
 */
function host(element, crashed) {
  return {
    chunk,
    hold,
    get getToken() {
      return element.getToken?.bind(element);
    },
    /** @type {(name: string, detail?: any, cancelable?: boolean) => boolean} */
    emit(name, detail, cancelable) {
      if (detail?.code === "crashed") {
        for (const [, reject] of asked.get(element) ?? []) reject(failure("crashed", "The copilot crashed."));
        asked.delete(element);
        // It is told in the middle of a call of the module's.
        queueMicrotask(() => crashed(detail));
        return true;
      }
      if (/-(open|close)$/.test(name)) element.open = name === "triptych-open";
      return element.dispatchEvent(new CustomEvent(name, { detail, cancelable, bubbles: true, composed: true }));
    },
    /** @type {(name: string, text: string, signal: AbortSignal) => Promise<string>} */
    async callTool(name, text, signal) {
      const tool = element.tools.get(name);
      if (!tool) throw new Error("The page does not offer this function any more.");
      const value = await tool.handler(JSON.parse(text), { signal });
      return typeof value === "string" ? value : (JSON.stringify(value) ?? "Done.");
    },
  };
}

/**
 * The module throws strings, which name an attribute at fault.
 *
 * @template T
 * @param {() => T} call
 */
function plain(call) {
  try {
    return call();
  } catch (message) {
    throw typeof message === "string" ? { code: "config", message } : message;
  }
}

/** @param {string} code @param {string} message */
function failure(code, message) {
  return Object.assign(new Error(message), { code });
}
