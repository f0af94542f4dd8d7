// The openai package for Node at the other end of a pipe: a call on each line of stdin, its outcome on stdout.
// The package is used as everybody uses it; nothing of it is replaced.
import { createInterface } from "node:readline";

import OpenAI, { toFile } from "openai";

const data = (bytes) => ({ bytes: bytes.length, head: bytes.subarray(0, 16).toString("base64") });
const binary = async (response) => Buffer.from(await response.arrayBuffer());
const plain = (value) => JSON.parse(JSON.stringify(value));

/** A file of a call: `{name, base64, type}` as the package takes it. */
function upload(value) {
  if (Array.isArray(value)) return Promise.all(value.map(upload));
  return toFile(Buffer.from(value.base64, "base64"), value.name, { type: value.type });
}

async function readChat(stream) {
  const seen = { text: "", finish_reason: null, usage: null, chunks: 0 };
  for await (const chunk of stream) {
    seen.chunks += 1;
    for (const choice of chunk.choices) {
      seen.text += choice.delta.content ?? "";
      seen.finish_reason = choice.finish_reason ?? seen.finish_reason;
    }
    seen.usage = chunk.usage ?? seen.usage;
  }
  return seen;
}

async function readResponses(stream) {
  const seen = { text: "", types: [], response: null };
  for await (const event of stream) {
    if (!seen.types.includes(event.type)) seen.types.push(event.type);
    if (event.type === "response.output_text.delta") seen.text += event.delta;
    if (event.type === "response.completed") seen.response = plain(event.response);
  }
  return seen;
}

async function streamRaw(client, args, options) {
  const response = await client.chat.completions.create({ ...args, stream: true }, options).asResponse();
  const lines = (await response.text()).split("\n").filter((line) => line.startsWith("data: "));
  return { status: response.status, type: response.headers.get("content-type"), lines: lines.length, last: lines.at(-1) };
}

async function raw(response) {
  return { status: response.status, type: response.headers.get("content-type"), ...data(await binary(response)) };
}

/** Node's package has no call that waits for a clip, so its users write this. */
async function createAndPoll(client, args, options) {
  let video = await client.videos.create(args, options);
  while (["queued", "in_progress"].includes(video.status)) {
    const { data, response } = await client.videos.retrieve(video.id, options).withResponse();
    video = data;
    const wait = Number(response.headers.get("openai-poll-after-ms") ?? 0);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  return video;
}

async function all(page, pick) {
  const seen = [];
  for await (const item of page) seen.push(pick(item));
  return seen;
}

const CALLS = {
  chat: async (client, args, o) => plain(await client.chat.completions.create(args, o)),
  chat_stream: async (client, args, o) => readChat(await client.chat.completions.create({ ...args, stream: true }, o)),
  chat_stream_raw: streamRaw,
  responses: async (client, args, o) => plain(await client.responses.create(args, o)),
  responses_stream: async (client, args, o) => readResponses(await client.responses.create({ ...args, stream: true }, o)),
  image: async (client, args, o) => plain(await client.images.generate(args, o)),
  image_stream: async (client, args, o) =>
    all(await client.images.generate({ ...args, stream: true }, o), (event) => event.type),
  edit: async (client, args, o) => plain(await client.images.edit({ ...args, image: await upload(args.image) }, o)),
  video: async (client, args, o) => plain(await client.videos.create(args, o)),
  video_and_poll: async (client, args, o) => plain(await createAndPoll(client, args, o)),
  video_retrieve: async (client, args, o) => plain(await client.videos.retrieve(args.id, o)),
  video_remix: async (client, args, o) => plain(await client.videos.remix(args.id, { prompt: args.prompt }, o)),
  video_list: async (client, args, o) => all(client.videos.list(args, o), (video) => video.id),
  video_content: async (client, args, o) => data(await binary(await client.videos.downloadContent(args.id, {}, o))),
  video_content_raw: async (client, args, o) => raw(await client.videos.downloadContent(args.id, {}, o).asResponse()),
  video_delete: async (client, args, o) => plain(await client.videos.delete(args.id, o)),
  speech: async (client, args, o) => data(await binary(await client.audio.speech.create(args, o))),
  speech_raw: async (client, args, o) => raw(await client.audio.speech.create(args, o).asResponse()),
  transcription: async (client, args, o) =>
    plain(await client.audio.transcriptions.create({ ...args, file: await upload(args.file) }, o)),
  models: async (client, args, o) => all(client.models.list(o), (model) => model.id),
};

function error(raised) {
  const classes = [];
  for (let type = raised?.constructor; type?.name; type = Object.getPrototypeOf(type)) classes.push(type.name);
  const { status, code, param, message, requestID, error: body } = raised;
  return { class: classes[0], classes, status, code, param, message, request_id: requestID, body };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, call, args, headers, base_url, key, retries } = JSON.parse(line);
  let answer;
  try {
    const client = new OpenAI({ baseURL: base_url, apiKey: key, maxRetries: retries, logLevel: "off" });
    answer = { id, value: await CALLS[call](client, args, { headers }) };
  } catch (raised) {
    answer = { id, error: error(raised) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
