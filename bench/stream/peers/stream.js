// What the pages of the peers share: the stream read as plainly as can be, and the moment at which all is painted.
const wanted = new URL(location.href).searchParams;

export const path = (kind) => `/${kind}/${wanted.get("bytes")}/${wanted.get("rate")}`;

export async function* tokens() {
  const response = await fetch(`${path("gw")}/v1/chat/completions`, { method: "POST", body: "{}" });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const data = event.slice("data: ".length);
      if (data === "[DONE]") return;
      const { content } = JSON.parse(data).choices[0].delta;
      if (content) yield content;
    }
  }
}

export async function painted() {
  for (let frames = 0; frames < 2; frames += 1) await new Promise(requestAnimationFrame);
}
