// One answer for everybody: the text of CommonMark's specification, in pieces as a tokenizer would cut it, at a steady
// pace. Serves the pages as well, so that a page and its stream have one origin.
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };
/** Milliseconds between two writes: a provider's packets hold a few tokens, too. */
const EVERY_MS = 8;

const specification = await readFile(join(HERE, "node_modules/commonmark-spec/spec.txt"), "utf8");

/** The first so many characters in pieces: short words with the blank before them, marks, ends of lines. */
export function pieces(characters) {
  const text = specification.repeat(Math.ceil(characters / specification.length)).slice(0, characters);
  return text.match(/ ?[\p{L}\p{N}]{1,6}|\n+|[^\p{L}\p{N}\n]{1,3}/gu);
}

const openai = {
  piece: (content) => ({ id: "c", object: "chat.completion.chunk", created: 1, model: "gpt-5.4", choices: [{ index: 0, delta: { content }, finish_reason: null }] }),
  end: { id: "c", object: "chat.completion.chunk", choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
  done: "data: [DONE]\n\n",
};
/** What deep-chat reads without any code of the page's own. */
const deepChat = { piece: (text) => ({ text }), end: null, done: "" };

const event = (data) => (data ? `data: ${JSON.stringify(data)}\n\n` : "");

function stream(request, response, shape, characters, rate) {
  const all = pieces(characters);
  request.resume();
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const start = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.min(all.length, Math.floor(((performance.now() - start) / 1000) * rate));
    if (due > sent) response.write(all.slice(sent, due).map((piece) => event(shape.piece(piece))).join(""));
    sent = due;
    if (sent === all.length) {
      clearInterval(timer);
      response.end(event(shape.end) + shape.done);
    }
  }, EVERY_MS);
  response.on("close", () => clearInterval(timer));
}

/** Serves `folders`, each under its prefix, and the streams; resolves to the server. */
export async function serve(folders) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const [, kind, characters, rate, ...rest] = pathname.split("/");
    if (kind === "gw" && rest.join("/") === "v1/models") {
      response.writeHead(200, { "content-type": "application/json" });
      return response.end(JSON.stringify({ object: "list", data: [{ id: "gpt-5.4", object: "model", created: 1, owned_by: "bench" }] }));
    }
    if (kind === "gw" && rest.join("/") === "v1/chat/completions") return stream(request, response, openai, +characters, +rate);
    if (kind === "deep-chat") return stream(request, response, deepChat, +characters, +rate);
    const prefix = Object.keys(folders).find((prefix) => pathname.startsWith(prefix));
    const path = prefix && join(folders[prefix], normalize(decodeURIComponent(pathname.slice(prefix.length))));
    if (!path || !(await stat(path).catch(() => null))?.isFile()) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream", "cache-control": "no-store" });
    return createReadStream(path).pipe(response);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return server;
}
