import { TriptychError } from "./errors.js";
import { discard, load } from "./load.js";
import { alert, launcher, make, sheet } from "./shell.js";

const NAMES = "gateway tokenUrl siteKey theme mode panels model heading placeholder greeting locale history math diagrams imageHosts suggestions announce".split(" ");

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
  static observedAttributes = [...NAMES.map(attribute), "open"];

  /** @type {ShadowRoot} */
  #shadow = this.attachShadow({ mode: "open" });
  /** @type {import("./triptych_copilot.js").WidgetHandle | undefined} */
  #handle;
  /** @type {string[]} */
  #unsent = [];
  #configured = "";

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

  /** @param {string} text */
  send(text) {
    this.#unsent.push(text);
    this.open = true;
    this.attributeChangedCallback();
  }

  refreshCredits() {
    this.#try((handle) => handle.refresh_credits());
  }

  connectedCallback() {
    // What was set before the element was defined hides the accessors of the class.
    for (const name of [...NAMES, "open"]) {
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
      if (this.#handle) this.#configure();
    });
  }

  async #configure() {
    const config = await (await load()).read(this);
    this.#try((handle) => {
      const text = JSON.stringify(config);
      if (text !== this.#configured) {
        this.#configured = text;
        handle.set_config(config);
      }
      for (const text of this.#unsent.splice(0)) handle.send(text);
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
      const button = launcher(`Open ${this.getAttribute("heading") ?? "copilot"}`);
      button.onclick = this.open;
      // A failure here is told when the button is clicked.
      button.onfocus = button.onpointerenter = () => load().catch(() => {});
      this.#shadow.replaceChildren(button);
    }
  }

  async #start() {
    const [waiting] = this.#shadow.children;
    if (this.#handle || waiting.ariaBusy) return;
    waiting.ariaBusy = "true";
    try {
      const glue = await load();
      const config = await glue.read(this);
      if (this.#handle || !this.isConnected) return;
      const focused = this.#shadow.activeElement;
      const root = make("div", { part: "root" });
      this.#shadow.replaceChildren(root);
      this.#handle = glue.mount(root, config, this.#host());
      this.#configured = JSON.stringify(config);
      if (focused) root.querySelector("textarea")?.focus();
      this.attributeChangedCallback();
    } catch (error) {
      this.#fail(error);
    }
  }

  #host() {
    const element = /** @type {any} */ (this);
    return {
      get getToken() {
        return element.getToken?.bind(element);
      },
      /** @type {(name: string, detail?: any, cancelable?: boolean) => boolean | void} */
      emit: (name, detail, cancelable) => {
        if (detail?.code === "crashed") return queueMicrotask(() => this.#handle && this.#fail(detail));
        if (/-(open|close)$/.test(name)) this.open = name === "triptych-open";
        return this.#emit(name, detail, cancelable);
      },
    };
  }

  /** @type {(name: string, detail?: unknown, cancelable?: boolean) => boolean} */
  #emit(name, detail, cancelable) {
    return this.dispatchEvent(new CustomEvent(name, { detail, cancelable, bubbles: true, composed: true }));
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
    if (typeof error === "string") {
      code = "config";
      message = error;
    } else if (!(error instanceof TriptychError)) {
      // A handle that is left over from an instance that was replaced throws too, but the new instance is sound.
      if (code || error instanceof WebAssembly.RuntimeError) discard();
      code = "crashed";
      message = "The copilot crashed.";
    }
    this.#handle = undefined;
    this.#shadow.replaceChildren(alert(message, () => this.#start()));
    this.#emit("triptych-error", { code, message });
  }
}

for (const name of NAMES) {
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
