// The README's own blocks, run as they stand but for the names of hosts and users.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

import { CREDIT, ROOT, eventually } from "./demo.mjs";
import { suite } from "./scenario.mjs";

const HOST = "https://ai.example.com";
// The page's host listens from the beginning, so that nobody else is given its port.
const host = createServer((_, response) => response.writeHead(503).end()).listen(0, "127.0.0.1");
await once(host, "listening");
after(() => host.close());
const { port } = host.address();
const site = `http://127.0.0.1:${port}`;
const scenario = suite({ origins: [site] });
const readme = await readFile(join(ROOT, "README.md"), "utf8");

/** The block of a language that holds a word, for the demo in the place of the example's gateway. */
function block(language, word, { demo }) {
  const blocks = [...readme.matchAll(/```(\w*)\n([^]*?)```/g)].filter(([, of]) => of === language);
  const found = blocks.map(([, , text]) => text).filter((text) => text.includes(word));
  assert.equal(found.length, 1, `one ${language} block of the README speaks of ${word}`);
  return found[0].replaceAll(HOST, demo.url);
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function run(command, env) {
  const child = spawn("bash", ["-c", command], { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (text) => (said += text));
  const code = await new Promise((resolve) => child.once("close", resolve));
  assert.equal(code, 0, command);
  return JSON.parse(said);
}

scenario("the smallest tag works with the token server and the policy that the README shows", async (visit) => {
  const { card } = visit.demo;
  const program = join(tmpdir(), `triptych-readme-${port}.mjs`);
  await writeFile(program, block("js", "createServer", visit).replaceAll(`"ada"`, JSON.stringify(visit.user)));
  const inner = await freePort();
  const env = { ...process.env, GATEWAY: card.url, TRIPTYCH_TENANT_SECRET: card.tenant_secret, PORT: `${inner}` };
  const tokens = spawn("node", [program], { env, stdio: "inherit" });
  const page = `<!doctype html><title>Readme</title>${block("html", "script", visit)}`;
  const policy = `default-src 'none'; ${block("", "wasm-unsafe-eval", visit).trim()}`;
  // The host's own server: its page, and the token server behind it.
  const answer = async (request, response) => {
    if (request.url === "/") {
      response.writeHead(200, { "content-type": "text/html", "content-security-policy": policy }).end(page);
    } else if (request.url === "/copilot-token") {
      const token = await fetch(`http://127.0.0.1:${inner}/`, { method: request.method });
      response.writeHead(token.status, { "content-type": "application/json" }).end(await token.text());
    } else {
      response.writeHead(204).end();
    }
  };
  host.removeAllListeners("request").on("request", answer);
  try {
    await eventually(async () => (await fetch(`http://127.0.0.1:${inner}/`)).ok, "the token server answers");
    await visit.page.goto(`${site}/`);
    await visit.page.getByRole("button", { name: /open/i }).click();
    await visit.credits().getByText("1,000").waitFor();
    await visit.say("Hello from the README");
    await visit.answered();
    await visit.balanceShown();
  } finally {
    tokens.kill();
  }
});

scenario("a token and a grant by curl, as the README shows them", async (visit) => {
  const { card } = visit.demo;
  const named = (text) => text.replaceAll(`"ada"`, `"${visit.user}"`).replaceAll(`"example"`, `"${card.tenant}"`);
  const env = { TRIPTYCH_TENANT_SECRET: card.tenant_secret, TRIPTYCH_ADMIN_SECRET: card.admin_secret };
  const session = await run(named(block("sh", "/v1/sessions", visit)), env);
  assert.match(session.client_secret, /^ey/);
  const before = (await visit.demo.balance(visit.user)).available;
  const grant = named(block("sh", "/admin/v1/grants", visit)).replaceAll("plan-2026-11-ada", visit.user);
  await run(grant, env);
  await run(grant, env);
  const after = (await visit.demo.balance(visit.user)).available;
  assert.equal(after - before, 1000 * CREDIT, "given once");
  visit.granted(1000 * CREDIT);
});

scenario("what the README lets a page do with the copilot works", async (visit) => {
  await visit.open("/chat.html");
  const asked = [];
  await visit.page.route("**/orders/*", (route) => {
    asked.push(`${route.request().method()} ${new URL(route.request().url()).pathname}`);
    return route.fulfill({ status: 204 });
  });
  const program = `${block("js", "registerTool", visit)}; window.city = city; window.takeBack = takeBack;`;
  await visit.page.addScriptTag({ type: "module", content: program });
  await visit.page.getByText("Shared by this page: Order 7").waitFor();
  await eventually(() => visit.page.evaluate(() => window.city), "the page has its answer");
  await visit.say("Please cancel order now");
  await visit.button("Allow").click();
  await (await visit.answered(2)).getByText('{"status":204}').waitFor();
  assert.deepEqual(asked, ["DELETE /orders/1"]);
  await visit.page.evaluate(() => window.takeBack());
  await visit.say("Please cancel order now");
  await visit.answered(3);
  assert.equal(await visit.button("Allow").count(), 0, "it was taken back");
  await visit.balanceShown();
});
