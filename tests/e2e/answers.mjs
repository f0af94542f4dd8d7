// A bare server of OpenAI's chat whose answers a test writes, and the widget's files: what is seen of an answer needs
// neither gateway nor simulator.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { basename, extname, join, resolve } from "node:path";

import { ROOT } from "./demo.mjs";

const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm" };
const WIDGET = resolve(ROOT, process.env.TRIPTYCH_DEMO_WIDGET ?? "pkg/dist");
/** Where an answer waits. */
export const PAUSE = "\u0000";
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";

/**
 * Starts the server. A message is answered with the text of that name, in pieces of `piece` characters every
 * `every` milliseconds. At each `PAUSE` in a text it waits for `goOn()`.
 *
 * @param {Record<string, string>} texts
 */
export async function serveAnswers(texts, { piece = 7, every = 4, attributes = "" } = {}) {
  let allowed = 0;
  const server = createServer(async (request, response) => {
    const { pathname, searchParams, origin } = new URL(request.url, `http://${request.headers.host}`);
    const json = (status, body) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (pathname === "/") {
      const rest = `${attributes} ${searchParams.get("attributes") ?? ""}`;
      response.writeHead(200, { "content-type": "text/html", "content-security-policy": POLICY });
      return response.end(`<!doctype html><html lang="en" dir="${searchParams.get("dir") ?? "ltr"}"><title>Answers</title>
        <script type="module" src="/widget/triptych.js"></script>
        <triptych-copilot gateway="${origin}/open" mode="inline" panels="chat" ${rest}></triptych-copilot>`);
    }
    if (pathname.startsWith("/widget/")) {
      const name = basename(pathname);
      const bytes = await readFile(join(WIDGET, name)).catch(() => null);
      if (!bytes) return json(404, {});
      return response.writeHead(200, { "content-type": TYPES[extname(name)] ?? "text/plain" }).end(bytes);
    }
    if (pathname === "/open/v1/models") return json(200, { object: "list", data: [{ id: "llama", object: "model" }] });
    if (pathname !== "/open/v1/chat/completions") return json(404, { detail: "Not Found" });
    let body = "";
    for await (const bytes of request) body += bytes;
    const text = texts[JSON.parse(body).messages.at(-1).content] ?? "No such answer.";
    response.writeHead(200, { "content-type": "text/event-stream" });
    const chunk = (delta, finish_reason = null) =>
      response.write(`data: ${JSON.stringify({ id: "c", choices: [{ index: 0, delta, finish_reason }] })}\n\n`);
    let at = 0;
    const timer = setInterval(() => {
      const pause = text.indexOf(PAUSE, at);
      if (pause === at && allowed === 0) return;
      if (pause === at) [at, allowed] = [at + 1, allowed - 1];
      const next = text.indexOf(PAUSE, at);
      const end = Math.min(at + piece, next < 0 ? text.length : next);
      if (at < text.length) return chunk({ content: text.slice(at, (at = end)) });
      clearInterval(timer);
      chunk({}, "stop");
      response.end("data: [DONE]\n\n");
    }, every);
    response.on("close", () => clearInterval(timer));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, close, goOn: () => (allowed += 1) };
}
