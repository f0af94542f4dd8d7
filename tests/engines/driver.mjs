// Firefox and WebKit, driven by the commands of WebDriver: WebKit's driver takes them over HTTP, Firefox over the
// socket of its own (Marionette), which geckodriver would only translate to.
import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { eventually } from "../e2e/demo.mjs";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
const SIZE = { width: 1000, height: 900 };

/** No first-run pages, no background calls, and the console where it can be read. */
const PREFERENCES = {
  "marionette.port": 0,
  "app.update.disabledForTesting": true,
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "toolkit.telemetry.reportingpolicy.firstRun": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "browser.safebrowsing.downloads.remote.enabled": false,
  "services.settings.server": "data:,none",
  "media.autoplay.default": 0,
};

/**
 * There is no graphics card. Told to use one, WebKit has it emulated, and a frame takes seconds on a busy machine; the
 * words of an answer wait for frames. Without layers it is quicker still, but then some screenshots never come.
 */
const DRAWING = {
  LIBGL_ALWAYS_SOFTWARE: "1",
  WEBKIT_SKIA_ENABLE_CPU_RENDERING: "1",
  ...(process.env.TRIPTYCH_SHOTS ? {} : { WEBKIT_DISABLE_COMPOSITING_MODE: "1" }),
};
/** How long a browser may take for a command. */
const COMMAND_LIMIT_MS = 60_000;

/** Starts Firefox without a window. */
export async function startFirefox(program) {
  const profile = await mkdtemp(join(tmpdir(), "triptych-firefox-"));
  const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`);
  await writeFile(join(profile, "user.js"), lines.join(""));
  const child = start(program, ["--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", profile], {
    MOZ_HEADLESS_WIDTH: `${SIZE.width}`,
    MOZ_HEADLESS_HEIGHT: `${SIZE.height + 100}`,
    MOZ_CRASHREPORTER_DISABLE: "1",
    HOME: profile,
  });
  const port = await eventually(
    async () => child.alive() && Number(await readFile(join(profile, "MarionetteActivePort"), "utf8")),
    "Firefox can be driven",
    90_000,
  );
  const marionette = new Marionette(connect(port, "127.0.0.1"));
  await marionette.ready;
  await marionette.send("WebDriver:NewSession", { capabilities: { alwaysMatch: {} } });
  const browser = new Browser("firefox", (name, parameters) => marionette.send(`WebDriver:${name}`, parameters), async () => {
    await marionette.send("Marionette:Quit", { flags: ["eForceQuit"] }).catch(() => {});
    marionette.close();
    await child.stop();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  });
  /** What its console says is wrong with our pages. */
  browser.problems = async () => {
    await marionette.send("Marionette:SetContext", { value: "chrome" });
    const script = `return Services.console.getMessageArray().filter((entry) => entry instanceof Ci.nsIScriptError)
      .filter((entry) => /^https?:/.test(entry.sourceName)).map((entry) => entry.errorMessage + " (" + entry.sourceName + ")")`;
    const { value } = await marionette.send("WebDriver:ExecuteScript", { script, args: [] });
    await marionette.send("Marionette:SetContext", { value: "content" });
    return value;
  };
  return browser;
}

/** Starts WebKitGTK's small browser on a screen of its own. */
export async function startWebkit(driver, program) {
  const screen = start("Xvfb", ["-displayfd", "1", "-screen", "0", "1280x1100x24", "-nolisten", "tcp"]);
  const display = await eventually(() => screen.alive() && /^(\d+)\n/m.exec(screen.said())?.[1], "a screen");
  const port = await freePort();
  const fonts = await ordinaryFonts();
  const child = start(driver, [`--port=${port}`], {
    DISPLAY: `:${display}`,
    FONTCONFIG_FILE: join(fonts, "fonts.conf"),
    ...DRAWING,
    // Its sandbox wants rights that containers do not give.
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
    NO_AT_BRIDGE: "1",
  });
  const base = `http://127.0.0.1:${port}`;
  await eventually(async () => child.alive() && (await fetch(`${base}/status`)).ok, "WebKit can be driven");
  const options = { "webkitgtk:browserOptions": { binary: program, args: ["--automation"] } };
  const { sessionId } = await http(`${base}/session`, "POST", { capabilities: { alwaysMatch: options } });
  const session = `${base}/session/${sessionId}`;
  const send = async (name, { id, ...parameters } = {}) => {
    const [method, path] = {
      Navigate: ["POST", "url"],
      Refresh: ["POST", "refresh"],
      SetWindowRect: ["POST", "window/rect"],
      ExecuteScript: ["POST", "execute/sync"],
      ElementClick: ["POST", `element/${id}/click`],
      ElementSendKeys: ["POST", `element/${id}/value`],
      TakeScreenshot: ["GET", "screenshot"],
    }[name];
    return { value: await http(`${session}/${path}`, method, parameters) };
  };
  return new Browser("webkit", send, async () => {
    await http(session, "DELETE").catch(() => {});
    await child.stop();
    await screen.stop();
    await rm(fonts, { recursive: true, force: true });
  });
}

/**
 * A folder with a `fonts.conf`. WebKit takes a font for a family such as `sans-serif` only where the system is sure of
 * it, which it is of DejaVu but not of others. Without, lines have no height of their own and lists no markers.
 */
async function ordinaryFonts() {
  const folder = await mkdtemp(join(tmpdir(), "triptych-fonts-"));
  const said = promisify(execFile);
  const families = ["system-ui", "sans-serif", "serif", "monospace"].map(async (family) => {
    const { stdout } = await said("fc-match", ["--format", "%{family[0]}", family]);
    return `<match><test name="family"><string>${family}</string></test>
      <edit name="family" mode="prepend" binding="strong"><string>${stdout.replace(/[<&]/g, "")}</string></edit></match>`;
  });
  const rules = (await Promise.all(families)).join("\n");
  const include = `<include ignore_missing="yes">/etc/fonts/fonts.conf</include>`;
  await writeFile(join(folder, "fonts.conf"), `<?xml version="1.0"?><fontconfig>${include}${rules}</fontconfig>`);
  return folder;
}

/** One window. Elements are found as people see them, through all shadow roots. */
class Browser {
  #send;

  constructor(name, send, stop) {
    this.name = name;
    this.#send = send;
    this.stop = stop;
    this.problems = async () => [];
  }

  async open(url) {
    await this.#send("SetWindowRect", SIZE);
    await this.#send("Navigate", { url });
  }

  reload() {
    return this.#send("Refresh", {});
  }

  /** What a script answers. */
  async run(script, ...args) {
    return (await this.#send("ExecuteScript", { script, args })).value;
  }

  /** The visible elements of a selector that have a text in them or are named so. */
  all(selector, text = "") {
    return this.run(FIND, selector, text);
  }

  one(selector, text = "", limit) {
    return eventually(async () => (await this.all(selector, text))[0], `${selector} ${text}`, limit);
  }

  none(selector, text = "") {
    return eventually(async () => (await this.all(selector, text)).length === 0, `no ${selector} ${text}`);
  }

  async click(selector, text) {
    // What is found may be drawn anew before it is clicked.
    await eventually(async () => {
      const element = (await this.all(selector, text)).find((found) => found);
      if (!element) return false;
      await this.#send("ElementClick", { id: element[ELEMENT] });
      return true;
    }, `a click on ${selector} ${text ?? ""}`);
  }

  async type(selector, text) {
    await this.#send("ElementSendKeys", { id: (await this.one(selector))[ELEMENT], text });
  }

  async text(selector, within = "") {
    return this.run("return arguments[0].innerText", await this.one(selector, within));
  }

  async shot(name) {
    const folder = process.env.TRIPTYCH_SHOTS;
    if (!folder) return;
    await mkdir(folder, { recursive: true });
    const { value } = await this.#send("TakeScreenshot", { full: false });
    await writeFile(join(folder, `${this.name}-${name}.png`), Buffer.from(value, "base64"));
  }
}

const FIND = `
const [selector, text] = arguments;
const found = [];
const look = (root) => {
  for (const element of root.querySelectorAll("*")) {
    if (element.matches(selector) && element.getClientRects().length) {
      const said = (element.getAttribute("aria-label") || "") + "\\n" + (element.innerText || "");
      if (said.includes(text)) found.push(element);
    }
    if (element.shadowRoot) look(element.shadowRoot);
  }
};
look(document);
return found;`;

/** Messages are \`LENGTH:JSON\`: [0, id, command, parameters] one way, [1, id, error, answer] the other. */
class Marionette {
  #waiting = new Map();
  #next = 1;
  #bytes = Buffer.alloc(0);

  constructor(socket) {
    this.socket = socket;
    this.ready = new Promise((resolve, reject) => {
      this.#waiting.set("hello", { resolve, reject });
      socket.once("error", reject);
    });
    socket.on("data", (bytes) => this.#read(bytes));
    socket.on("close", () => this.#waiting.forEach(({ reject }) => reject(new Error("Firefox is gone"))));
  }

  send(name, parameters = {}) {
    const id = this.#next++;
    const text = JSON.stringify([0, id, name, parameters]);
    this.socket.write(`${Buffer.byteLength(text)}:${text}`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  close() {
    this.socket.destroy();
  }

  #read(bytes) {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    for (let colon; (colon = this.#bytes.indexOf(":")) > 0; ) {
      const end = colon + 1 + Number(this.#bytes.subarray(0, colon));
      if (this.#bytes.length < end) return;
      const message = JSON.parse(this.#bytes.subarray(colon + 1, end));
      this.#bytes = this.#bytes.subarray(end);
      const [, id, error, answer] = Array.isArray(message) ? message : [1, "hello", null, message];
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) waiting?.reject(new Error(`${error.error}: ${error.message}`));
      else waiting?.resolve(Array.isArray(answer) ? { value: answer } : answer);
    }
  }
}

function start(program, args, environment = {}) {
  // The programs look for their files beside themselves.
  const child = spawn(program, args, { env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"], cwd: dirname(tmpdir()) });
  let said = "";
  let over = false;
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said = (said + text).slice(-20_000)));
  const ended = new Promise((resolve) => child.once("exit", resolve).once("error", (error) => resolve((said += error))));
  ended.then(() => (over = true));
  return {
    said: () => said,
    alive() {
      if (over) throw new Error(`${program} ended: ${said}`);
      return true;
    },
    async stop() {
      if (!over) child.kill();
      const late = setTimeout(() => over || child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(late);
    },
  };
}

async function http(url, method, body) {
  const signal = AbortSignal.timeout(COMMAND_LIMIT_MS);
  const answer = await fetch(url, { method, signal, body: method === "POST" ? JSON.stringify(body) : undefined });
  const { value } = await answer.json();
  if (!answer.ok) throw new Error(`${value?.error}: ${value?.message}`);
  return value;
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
