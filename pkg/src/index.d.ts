/** Why the copilot cannot run; each is explained in the README. */
export type TriptychErrorCode =
  | "unsupported"
  | "network"
  | "mime"
  | "csp"
  | "compile"
  | "version"
  | "config"
  | "crashed";

/** The copilot could not be loaded: `code` is stable, `message` is for people, `cause` for developers. */
export class TriptychError extends Error {
  constructor(code: TriptychErrorCode, cause: unknown);
  readonly code: TriptychErrorCode;
}

/** The version of this package. */
export const VERSION: string;

export interface LoadOptions {
  /**
   * Where `triptych_copilot_bg.wasm` is, for bundlers that do not follow `new URL(…, import.meta.url)`. The other
   * WebAssembly files are fetched from the same folder when they are needed.
   */
  wasmUrl?: string | URL;
  /** The module itself, for pages that fetch or embed it themselves. */
  module?: WebAssembly.Module | BufferSource;
}

/** Says where the module comes from. Call it before the first copilot is opened. */
export function configure(options: LoadOptions): void;

/** Fetches and starts the module ahead of time. Throws a `TriptychError`; a next call tries again. */
export function load(): Promise<unknown>;

/** What a page's own backend answers: the gateway's answer to `POST /v1/sessions`, or its token alone. */
export type Token = string | { client_secret: string; expires_at: number };

/** A JSON Schema, as models take it. */
export type JsonSchema = Record<string, unknown>;

/** A function of the page that the model may call. */
export interface TriptychTool<Arguments = any> {
  /** 1 to 64 letters, digits, `_` and `-`. */
  name: string;
  /** For the model: what it does and when to use it. The user sees the beginning of it before deciding. */
  description?: string;
  /** What the arguments are, as a JSON Schema of an object. Without it there are none. */
  parameters?: JsonSchema;
  /**
   * `ask`, unless set: the user sees each call with its arguments and decides, for once or for the chat as long as name,
   * description and parameters stay as they are. `never` is for what changes nothing:
   * it runs without a question.
   */
  consent?: "ask" | "never";
  /**
   * Runs it. The model has written the arguments: check them. What is given back goes to the model, as text or as JSON,
   * up to 20,000 bytes of it; what is thrown is told as an error. `signal` aborts when the user stops.
   */
  handler(given: Arguments, more: { signal: AbortSignal }): unknown;
}

/** Why `ask` has no answer: its `code` is that of a `triptych-error`, or one of these. */
export type AskErrorCode = "not_json" | "refused" | "stopped" | "length" | "left" | "closed" | "crashed";

/** The `detail` of each event. All bubble and cross shadow roots. Amounts are in micro-credits. */
export interface TriptychEvents {
  /** The copilot runs. */
  "triptych-ready": CustomEvent<unknown>;
  "triptych-open": CustomEvent<unknown>;
  "triptych-close": CustomEvent<unknown>;
  /** Loading or a call failed; `code` is a `TriptychErrorCode` or a code of the gateway. */
  "triptych-error": CustomEvent<{ code: string; message: string }>;
  "triptych-credits": CustomEvent<{ available: number; held: number; currency: string }>;
  /** The user wants more credits. Cancel it to do that yourself; else the gateway's top-up page opens in a new tab. */
  "triptych-top-up": CustomEvent<{ url: string | null; needed: number | null; available: number | null }>;
  /** An answer is complete. `id` names it within the conversation `thread`; its text is Markdown. */
  "triptych-message": CustomEvent<{ role: "assistant"; text: string; id: string; thread: string }>;
  /**
   * A call of a function of the page has ended. `decision` is the user's, or `unasked`, or `null` where it could not be
   * run; `size` is the length of the result in bytes, which is not told itself.
   */
  "triptych-tool-call": CustomEvent<{
    thread: string;
    /** The answer that called it. */
    id: string;
    call: string;
    name: string;
    /** JSON, as the model wrote it. */
    arguments: string;
    decision: "allowed" | "always" | "unasked" | "declined" | null;
    state: "done" | "failed" | "declined" | "stopped";
    size: number;
  }>;
  /** The user says what an answer is worth; `null` takes it back. */
  "triptych-feedback": CustomEvent<{ id: string; thread: string; value: "good" | "bad" | null }>;
  /** A picture or a clip is ready; its link expires. */
  "triptych-asset": CustomEvent<{ kind: "image" | "video"; url: string; id: string }>;
}

/** The element's attributes. */
export interface TriptychCopilotAttributes {
  /** The gateway's address. Required. */
  gateway?: string | null;
  /** Where the page's own backend answers with a token. Not needed with `getToken`. */
  tokenUrl?: string | null;
  /** For a page without a backend: the key by which the gateway knows the site and hands out tokens itself. */
  siteKey?: string | null;
  theme?: "auto" | "light" | "dark" | null;
  /** A button in the corner of the page, or the copilot in the flow of the page. */
  mode?: "launcher" | "inline" | null;
  /** Which panels there are and in which order: `chat image video`. */
  panels?: string | null;
  /** The chat model to start with. */
  model?: string | null;
  /** The name at the top. */
  heading?: string | null;
  /** The hint in the empty text box. */
  placeholder?: string | null;
  /** What an empty conversation says. */
  greeting?: string | null;
  /** `off` keeps nothing that is said or typed on the disk. */
  history?: "on" | "off" | null;
  /** The language, such as `de` or `pt-BR`; else that of the page around, else the browser's. */
  locale?: string | null;
  /** Whether formulas in answers are drawn. Set it before the copilot is opened; the same for `diagrams`. */
  math?: boolean | string | null;
  /** Whether blocks of code in `mermaid` are drawn as diagrams. */
  diagrams?: boolean | string | null;
  /** Whether the user can dictate: by the browser, or else by the gateway's transcription model, for credits. */
  dictation?: boolean | string | null;
  /** Hosts whose images in answers load without a click: `img.example.com *.example.org`. */
  imageHosts?: string | null;
  /** What an empty conversation offers to ask: one a line, or a JSON array. As a property, a list too. */
  suggestions?: string | readonly string[] | null;
  /** What a screen reader says of an answer that comes in, until the user chooses: `sentences`, only its `end`, or `off`. */
  announce?: "sentences" | "end" | "off" | null;
}

/** `<triptych-copilot>`. It can be configured and called before its module has arrived. */
export class TriptychCopilotElement extends HTMLElement implements TriptychCopilotAttributes {
  static readonly observedAttributes: readonly string[];

  gateway: string | null;
  tokenUrl: string | null;
  siteKey: string | null;
  theme: "auto" | "light" | "dark" | null;
  mode: "launcher" | "inline" | null;
  panels: string | null;
  model: string | null;
  heading: string | null;
  placeholder: string | null;
  greeting: string | null;
  history: "on" | "off" | null;
  locale: string | null;
  get math(): string | null;
  set math(value: boolean | string | null);
  get diagrams(): string | null;
  set diagrams(value: boolean | string | null);
  get dictation(): string | null;
  set dictation(value: boolean | string | null);
  imageHosts: string | null;
  get suggestions(): string | null;
  set suggestions(value: string | readonly string[] | null | undefined);
  announce: "sentences" | "end" | "off" | null;

  /** Gives a token whenever one is needed; wins over `tokenUrl`. */
  getToken?: (reason: "first" | "expiring" | "expired") => Promise<Token>;
  /** With `siteKey`, where the site has a check for robots of its own: gives what that check has handed out. */
  getChallenge?: () => string | Promise<string>;

  /** Sentences of your own, by their names in `locales/de.txt`: `{ send: "Ask" }`. Set it before the copilot is opened. */
  strings?: Record<string, string>;

  /** Opens the launcher. Setting it mirrors the `open` attribute. */
  get open(): () => void;
  set open(value: boolean);
  /** Closes the launcher. */
  close(): void;
  /** Sends a message as if the user had typed it. */
  send(text: string): void;
  /**
   * Sends a message like `send` and gives the answer: its Markdown, or with a `schema` the value that it is. Rejects with
   * an error whose `code` says why there is none.
   */
  ask(text: string, options?: { schema?: undefined }): Promise<string>;
  ask<Value = unknown>(text: string, options: { schema: JsonSchema; name?: string }): Promise<Value>;
  /**
   * Offers a function to the model; the same name again replaces it. Models of which the catalogue says `tools = false`
   * are offered none. At most 8,000 characters as JSON, and 64 of them.
   * Gives what takes it back.
   */
  registerTool<Arguments = any>(tool: TriptychTool<Arguments>): () => void;
  /** What is offered, by its names. */
  readonly tools: ReadonlyMap<string, TriptychTool>;
  /**
   * Gives the model what the page shows: a text or anything that JSON has, of at most 8,000 characters as such. The next
   * call replaces it, `null` takes it back. The user sees it, under the `title`.
   */
  setContext(value: unknown, options?: { title?: string }): void;
  /** Asks the gateway for the balance, as after a purchase. */
  refreshCredits(): void;

  addEventListener<K extends keyof TriptychEvents>(
    type: K,
    listener: (this: TriptychCopilotElement, event: TriptychEvents[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (this: HTMLElement, event: HTMLElementEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "triptych-copilot": TriptychCopilotElement;
  }
}
