// What the scenarios send: a call of each kind, as users write them.
const ask = (text, more = {}) => ({ model: "gpt-5.4", messages: [{ role: "user", content: text }], ...more });

/** A recording of so many whole seconds, in which nothing is said. */
function wav(seconds) {
  const rate = 8000;
  const head = Buffer.alloc(44);
  const size = seconds * rate * 2;
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + size, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(size, 40);
  return Buffer.concat([head, Buffer.alloc(size)]);
}

/** A picture of one point. */
const POINT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

export const file = (name, type, bytes) => ({ name, type, base64: bytes.toString("base64") });
export const RECORDING = file("note.wav", "audio/wav", wav(2));
export const PNG = { name: "point.png", type: "image/png", base64: POINT };

export const CHAT = ask("Say hello");
export const PICTURE = { model: "gpt-image-1.5", prompt: "a boat", size: "1024x1024" };
export const EDIT = { ...PICTURE, prompt: "the same at night", image: [PNG] };
export const CLIP = { model: "sora-2", prompt: "rain", seconds: "4", size: "1280x720" };
export const RESPONSE = { model: "gpt-5.4", input: "Say hello" };
export const SPEECH = { model: "gpt-4o-mini-tts", input: "Hello, reader", voice: "alloy", response_format: "wav" };
export const TRANSCRIPTION = { model: "gpt-transcribe", file: RECORDING };

/**
 * Every call that costs credits and is answered at once: its name, what it sends, the provider's route, and the
 * scope of a token that it needs.
 */
export const CALLS = [
  ["chat", CHAT, "chat", "chat"],
  ["chat_stream", CHAT, "chat", "chat"],
  ["responses", RESPONSE, "responses", "chat"],
  ["responses_stream", RESPONSE, "responses", "chat"],
  ["image", PICTURE, "image", "image"],
  ["edit", EDIT, "image_edit", "image"],
  ["speech", SPEECH, "speech", "chat"],
  ["transcription", TRANSCRIPTION, "transcription", "chat"],
];
