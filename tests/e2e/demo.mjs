// Starts the real demo on a free port with a store of its own, and speaks for its operator.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Micro-credits in a credit. */
export const CREDIT = 1_000_000;
/** Building first may take minutes; starting what is built does not. */
const START_LIMIT_MS = process.env.TRIPTYCH_DEMO_PREBUILT ? 120_000 : 900_000;

/** Tries until something holds, and tells the last reason when it never does. */
export async function eventually(check, what, limit = 60_000) {
  const end = Date.now() + limit;
  let last;
  do {
    try {
      const answer = await check();
      if (answer) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while (Date.now() < end);
  throw new Error(`${what}: not within ${limit / 1000} s${last ? ` (${last.message})` : ""}`);
}

export async function startDemo({ videoSpeed = 20, tokensPerSecond = 120, imageMs = 2000, widget, leptos = false, origins = [] } = {}) {
  const state = await mkdtemp(join(tmpdir(), "triptych-e2e-"));
  const [program, ...first] = process.env.TRIPTYCH_XTASK ? [process.env.TRIPTYCH_XTASK] : ["cargo", "xtask"];
  const args = [...first, "demo", "--port", "0", "--state", state, "--fresh", "--video-speed", `${videoSpeed}`];
  args.push("--tokens-per-second", `${tokensPerSecond}`, "--image-ms", `${imageMs}`);
  if (widget) args.push("--widget", widget);
  if (leptos) args.push("--leptos");
  for (const origin of origins) args.push("--origin", origin);
  const child = spawn(program, args, { cwd: ROOT, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
  const ended = new Promise((resolve) => child.once("exit", resolve).once("error", resolve));
  let over = false;
  ended.then(() => (over = true));

  const card = await eventually(
    async () => {
      if (over) return "over";
      return JSON.parse(await readFile(join(state, "demo.json"), "utf8").catch(() => "null"));
    },
    "the demo runs",
    START_LIMIT_MS,
  );
  if (card === "over") throw new Error(`the demo did not start:\n${said}`);
  return new Demo(card, async () => {
    if (!over) process.kill(child.pid, "SIGINT");
    // It ends its own children; where it hangs, its whole group goes.
    const late = setTimeout(() => over || process.kill(-child.pid, "SIGKILL"), 25_000);
    await ended;
    clearTimeout(late);
    await rm(state, { recursive: true, force: true });
  });
}

class Demo {
  constructor(card, stop) {
    this.url = card.url;
    this.card = card;
    this.stop = stop;
  }

  /** A user of its own with so many credits. */
  async newUser(credits = 1000) {
    const user = `e2e-${randomUUID()}`;
    await this.grant(user, credits * CREDIT);
    return user;
  }

  grant(user, amount) {
    const body = { tenant: this.card.tenant, user, amount, key: randomUUID(), reason: "end-to-end test" };
    return this.#admin("/admin/v1/grants", { method: "POST", body: JSON.stringify(body) });
  }

  /** Micro-credits: `{available, held}`. */
  balance(user) {
    return this.#admin(`/admin/v1/balance?${new URLSearchParams({ tenant: this.card.tenant, user })}`);
  }

  audit() {
    return this.#admin("/admin/v1/audit");
  }

  /** Every priced call of a user, oldest first. */
  async charges(user) {
    const all = [];
    for (let after = ""; ; ) {
      const page = await this.#admin(`/admin/v1/charges?${new URLSearchParams({ after })}`);
      all.push(...page.data);
      if (!page.has_more) return all.filter((charge) => charge.user === user);
      after = page.data.at(-1).reservation;
    }
  }

  /** What the provider would invoice. */
  async bill() {
    return (await json(`${this.card.simulator}/sim/bill`)).items;
  }

  /** What the provider does wrong with its next calls of a route, one of them for each. */
  async faults(route, ...faults) {
    const body = JSON.stringify({ next: faults.map((fault) => ({ route, fault })) });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${this.card.simulator}/sim/faults`, { method: "PUT", headers, body });
    if (!answer.ok) throw new Error(`/sim/faults: ${answer.status} ${await answer.text()}`);
  }

  /** The prices that the widget sees. */
  async model(user, id) {
    const { client_secret } = await this.mint(user);
    const { data } = await json(`${this.url}/v1/models`, { headers: { authorization: `Bearer ${client_secret}` } });
    return data.find((model) => model.id === id);
  }

  /** A browser token, minted as a host's backend does it. */
  mint(user, seconds = 600, more = {}) {
    return json(`${this.url}/v1/sessions`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.card.tenant_secret}`, "content-type": "application/json" },
      body: JSON.stringify({ user, expires_after: { anchor: "created_at", seconds }, ...more }),
    });
  }

  /** A call as a user, for what happens behind the widget's back. */
  async call(user, path, body) {
    const { client_secret } = await this.mint(user);
    return json(`${this.url}${path}`, {
      method: body ? "POST" : "GET",
      headers: { authorization: `Bearer ${client_secret}`, "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
  }

  #admin(path, init = {}) {
    const headers = { authorization: `Bearer ${this.card.admin_secret}`, "content-type": "application/json" };
    return json(`${this.url}${path}`, { ...init, headers });
  }
}

async function json(url, init) {
  const answer = await fetch(url, init);
  if (!answer.ok) throw new Error(`${init?.method ?? "GET"} ${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
