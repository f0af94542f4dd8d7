import { TriptychError } from "./errors.js";
import { discard, load } from "./load.js";
import { alert, make, sheet } from "./shell.js";

const NAMES = "gateway tokenUrl siteKey theme mode panels model heading placeholder greeting locale history math diagrams dictation imageHosts suggestions announce open".split(" ");

const NAME = /^[\w-]{1,64}$/;

/**
 * The attribute of a property; some are of two words.
 *
 * @param {string} name
 */
const attribute = (name) => name.replace(/[HKU]/, "-$&").toLowerCase();

/**
 * `<triptych-copilot>`. It works before the module has arrived: what is set or called by then is kept until it has.
 * Importing this file registers nothing; `./define.js` does.
 */
export class TriptychCopilotElement extends (globalThis.HTMLElement ?? class {}) {
  static observedAttributes = NAMES.map(attribute);

  /** @type {ShadowRoot} */
  #shadow = this.attachShadow({ mode: "open" });
  /** @type {import("./triptych_copilot.js").WidgetHandle | undefined} */
  #handle;
  /** @type {[text: string, options?: object, settle?: any][]} */
  #unsent = [];
  /** @type {Map<string, any>} What the page offers to the model. */
  tools = new Map();
  /** @type {[json?: string, options?: { title?: string }]} What the page shows. */
  context = [];

  constructor() {
    super();
    this.#shadow.adoptedStyleSheets = [sheet];
  }

  // Frameworks that know a property of this name assign to it, where a page's own script calls it.
  get open() {
    return () => void (this.open = true);
  }

  /** @param {any} value */
  set open(value) {
    this.toggleAttribute("open", !!value);
  }

  close() {
    this.open = false;
  }

  /** @param {[text: string, options?: object, settle?: any]} question */
  send(...question) {
    this.#unsent.push(question);
    this.open = true;
    this.attributeChangedCallback();
  }

  /** @type {(text: string, options?: object) => Promise<any>} */
  ask(text, options) {
    return new Promise((...settle) => this.send(text, options, settle));
  }

  /** @param {any} tool */
  registerTool(tool) {
    if (!NAME.test(tool.name) || !tool.handler?.call || JSON.stringify(tool).length > 8e3)
      throw TypeError(`registerTool: name must match ${NAME}, handler be a function, at most 8,000 characters`);
    this.tools.set(tool.name, tool);
    this.attributeChangedCallback();
    return () => {
      if (this.tools.get(tool.name) === tool) this.tools.delete(tool.name);
      this.attributeChangedCallback();
    };
  }

  /** @type {(value: any, options?: { title?: string }) => void} */
  setContext(value, options) {
    const json = JSON.stringify(value);
    if (json?.length > 8e3) throw TypeError("setContext: at most 8,000 characters");
    this.context = [json, options];
    this.attributeChangedCallback();
  }

  refreshCredits() {
    this.#try((handle) => handle.refresh_credits());
  }

  connectedCallback() {
    // What was set before the element was defined hides the accessors of the class.
    for (const name of NAMES) {
      if (Object.hasOwn(this, name)) {
        const value = /** @type {any} */ (this)[name];
        delete (/** @type {any} */ (this)[name]);
        /** @type {any} */ (this)[name] = value;
      }
    }
    this.attributeChangedCallback();
  }

  // Its presence tells browsers that a move need not look like a removal.
  connectedMoveCallback() {}

  disconnectedCallback() {
    // Moving an element removes it and inserts it again; only one that stays away is over.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#try((handle) => {
        this.#handle = undefined;
        handle.unmount();
      });
    });
  }

  /** Many changes at once become one update: the first microtask sees them all, the others find nothing new. */
  attributeChangedCallback() {
    queueMicrotask(() => {
      if (!this.isConnected) return;
      if (!this.#handle && !this.#shadow.firstElementChild?.ariaBusy) this.#place();
      if (this.hasAttribute("open")) this.#start();
      if (this.#handle) this.#ready((glue, config) => this.#handle && glue.update(this.#handle, config, this, this.#unsent.splice(0)));
    });
  }

  /** Shows what there is to see before the module runs, and arranges for what starts it. */
  #place() {
    if (this.getAttribute("mode") === "inline") {
      this.#shadow.replaceChildren(make("div", { class: "shell" }));
      new IntersectionObserver((entries, observer) => {
        if (entries.pop()?.isIntersecting) {
          observer.disconnect();
          this.#start();
        }
      }).observe(this);
    } else {
      const label = `Open ${this.getAttribute("heading") ?? "copilot"}`;
      const button = make("button", { class: "shell", "aria-label": label, part: "launcher" });
      button.onclick = this.open;
      // A failure here is told when the button is clicked.
      button.onfocus = button.onpointerenter = () => load().catch(() => {});
      this.#shadow.replaceChildren(button);
    }
  }

  #start() {
    const [waiting] = this.#shadow.children;
    if (this.#handle || waiting.ariaBusy) return;
    waiting.ariaBusy = "true";
    this.#ready((glue, config) => {
      if (this.#handle || !this.isConnected) return;
      this.#handle = glue.mount(this.#shadow, config, this, (detail) => this.#handle && this.#fail(detail));
      this.attributeChangedCallback();
    });
  }

  /** @param {(glue: import("./load.js").Glue, config: object) => void} call */
  async #ready(call) {
    try {
      const glue = await load();
      call(glue, await glue.read(this));
    } catch (error) {
      this.#fail(error);
    }
  }

  /**
   * Whatever a handle throws, it cannot be used any more.
   *
   * @param {(handle: import("./triptych_copilot.js").WidgetHandle) => void} call
   */
  #try(call) {
    try {
      if (this.#handle) call(this.#handle);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @param {any} error */
  #fail(error) {
    let { code, message } = error;
    if (code !== "config" && !(error instanceof TriptychError)) {
      // A handle that is left over from an instance that was replaced throws too, but the new instance is sound.
      if (code || error instanceof WebAssembly.RuntimeError) discard();
      code = "crashed";
      message = "The copilot crashed.";
    }
    this.#handle = undefined;
    this.#shadow.replaceChildren(alert(message, () => this.#start()));
    this.dispatchEvent(new CustomEvent("triptych-error", { detail: { code, message }, bubbles: true, composed: true }));
  }
}

for (const name of NAMES) {
  // That one is a method too.
  if (name === "open") break;
  Object.defineProperty(TriptychCopilotElement.prototype, name, {
    /** @this {HTMLElement} */
    get() {
      return this.getAttribute(attribute(name));
    },
    /** @this {HTMLElement} @param {any} value */
    set(value) {
      // A list, as of suggestions, is one a line.
      this[value == null ? "removeAttribute" : "setAttribute"](attribute(name), value?.join?.("\n") ?? value);
    },
  });
}
