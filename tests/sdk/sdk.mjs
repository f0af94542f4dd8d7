// The SDKs as tests see them: both behind one small interface, so that each scenario is written once.
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { checkBooks } from "../e2e/books.mjs";
import { CREDIT, startDemo } from "../e2e/demo.mjs";
import { startWire } from "./wire.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
/** The interpreter that has the Python package; absent where there is no Python. */
const PYTHON = process.env.TRIPTYCH_SDK_PYTHON;

/** What each scenario's user has, in micro-credits. */
const GRANT = 1000 * CREDIT;

export const SDKS = [
  { name: "Node", command: [process.execPath, here("driver.mjs")] },
  ...(PYTHON ? [{ name: "Python", command: [PYTHON, here("driver.py")] }] : []),
];

/** The gateway with the simulator behind it; the widget is none of an SDK's business. */
export async function startGateway(options = {}) {
  const widget = await mkdtemp(join(tmpdir(), "triptych-sdk-"));
  await writeFile(join(widget, "triptych.js"), "");
  const demo = await startDemo({ tokensPerSecond: 2000, videoSpeed: 400, imageMs: 50, ...options, widget });
  const { stop } = demo;
  demo.stop = async () => {
    await stop();
    await rm(widget, { recursive: true, force: true });
  };
  return demo;
}

export class Sdk {
  #child;
  #waiting = new Map();
  #count = 0;

  constructor({ name, command }) {
    this.name = name;
    const [program, ...args] = command;
    // Keys and addresses of whoever runs the tests must not reach the SDK.
    const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith("OPENAI_")));
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"], env });
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      const answer = JSON.parse(line);
      this.#waiting.get(answer.id)?.resolve(answer);
      this.#waiting.delete(answer.id);
    });
    this.#child.once("exit", (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the ${name} SDK's process ended with ${code}`));
    });
  }

  /** Makes a call; what the SDK throws comes back as `error`. */
  outcome(connection, call, args = {}, { retries = 2, headers = {} } = {}) {
    const id = ++this.#count;
    const order = { id, call, args, headers, retries, base_url: `${connection.url}/v1`, key: connection.key };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin.write(`${JSON.stringify(order)}\n`);
    });
  }

  /** Makes a call that has to succeed. */
  async call(connection, call, args, options) {
    const { value, error } = await this.outcome(connection, call, args, options);
    if (error) throw new Error(`${this.name}: ${call} threw ${JSON.stringify(error)}`);
    return value;
  }

  /** Makes a call that has to fail. */
  async failure(connection, call, args, options) {
    const { value, error } = await this.outcome(connection, call, args, options);
    if (!error) throw new Error(`${this.name}: ${call} answered ${JSON.stringify(value)}`);
    return error;
  }

  end() {
    this.#child.stdin.end();
  }
}

/**
 * Runs the same scenarios against each SDK: `scenario(title, options?, run)` defines one. The SDKs are side by side, for
 * most of their time is waiting before they try again, and each has a gateway and a provider of its own.
 */
export function withEachSdk(define, demoOptions) {
  describe("the SDKs", { concurrency: SDKS.length }, () => {
    for (const each of SDKS) {
      describe(`the ${each.name} SDK`, { concurrency: 1 }, () => {
        let demo;
        let sdk;
        before(async () => {
          demo = await startGateway(demoOptions);
          sdk = new Sdk(each);
        });
        after(async () => {
          sdk?.end();
          await demo?.stop();
        });
        define((title, options, run = options) =>
          test(title, { timeout: 120_000, ...(typeof options === "function" ? {} : options) }, () => scenario(demo, sdk, run)),
        );
      });
    }
  });
}

/** Runs one scenario as a user of its own, and looks at the books after it. */
async function scenario(demo, sdk, run) {
  const user = await demo.newUser(GRANT / CREDIT);
  const billed = (await demo.bill()).length;
  const { client_secret } = await demo.mint(user);
  const wire = await startWire(demo.url);
  try {
    const lost = await run({ sdk, demo, user, wire, connection: { url: wire.url, key: client_secret } });
    await checkBooks(demo, user, billed, GRANT, lost);
  } finally {
    await wire.stop();
  }
}
