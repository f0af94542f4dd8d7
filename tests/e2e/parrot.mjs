// A server that speaks OpenAI's chat and answers with whatever a test wants, and a page that it gives the strictest
// policy a page can have.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { basename, extname, join } from "node:path";

import { ROOT } from "./demo.mjs";

const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm" };
/** The widget's files. */
export const WIDGET = process.env.TRIPTYCH_DEMO_WIDGET ?? join(ROOT, "pkg/dist");

/** No string becomes code or markup, and nothing comes from elsewhere but pictures over TLS. */
export const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; " +
  "img-src 'self' https:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/** `answer` gives the pieces of the answer to what was said; `attributes` are the element's. */
export async function startParrot(answer, attributes = "") {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://parrot");
    if (pathname === "/") {
      response.writeHead(200, { "content-type": "text/html", "content-security-policy": POLICY });
      return response.end(`<!doctype html><html lang="en"><title>Parrot</title><link rel="icon" href="/icon">
<script type="module" src="/widget/triptych.js"></script>
<main><triptych-copilot gateway="/" mode="inline" panels="chat" ${attributes}></triptych-copilot></main>`);
    }
    if (pathname.startsWith("/widget/")) {
      const name = basename(pathname);
      return readFile(join(WIDGET, name)).then(
        (bytes) => response.writeHead(200, { "content-type": TYPES[extname(name)] }).end(bytes),
        () => response.writeHead(404).end(),
      );
    }
    if (pathname === "/v1/models") {
      response.writeHead(200, { "content-type": "application/json" });
      return response.end(JSON.stringify({ object: "list", data: [{ id: "parrot", object: "model" }] }));
    }
    if (pathname !== "/v1/chat/completions") return response.writeHead(204).end();
    let body = "";
    request.on("data", (bytes) => (body += bytes)).on("end", async () => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const chunk = (delta, finish_reason = null) =>
        response.write(`data: ${JSON.stringify({ id: "c", choices: [{ index: 0, delta, finish_reason }] })}\n\n`);
      for await (const content of answer(JSON.parse(body).messages.at(-1).content)) chunk({ content });
      chunk({}, "stop");
      response.end("data: [DONE]\n\n");
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
