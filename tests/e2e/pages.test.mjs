import assert from "node:assert/strict";

import { eventually } from "./demo.mjs";
import { suite } from "./scenario.mjs";

const scenario = suite();

const copilot = (visit, index = 0) => visit.page.locator("triptych-copilot").nth(index);
const focused = (visit) =>
  visit.page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element?.getAttribute("aria-label") ?? element?.localName;
  });

scenario("three copilots share a page and a script that loads twice", async (visit) => {
  const modules = [];
  visit.page.on("request", (request) => request.url().endsWith(".wasm") && modules.push(request.url()));
  await visit.open("/several.html");
  const [chat, media, docked] = [0, 1, 2].map((index) => copilot(visit, index));
  await eventually(async () => (await visit.credits().getByText("1,000").count()) === 2, "both show the balance");
  assert.equal(await visit.tab("Chat").count(), 0, "one panel needs no tabs");
  assert.deepEqual(await media.getByRole("tab").allInnerTexts(), ["Image", "Video"]);
  await visit.say("Hello", chat);
  await visit.answered(0, chat);
  await docked.getByRole("button", { name: /open/i }).click();
  await docked.getByRole("dialog").waitFor();
  assert.equal(await visit.answers(docked).count(), 0, "each has a conversation of its own");
  await visit.shot("several");
  assert.equal(modules.filter((url) => url.endsWith("triptych_copilot_bg.wasm")).length, 1, "one download for all");
  assert.equal(new Set(modules).size, modules.length, "and of each part too");
});

scenario("a strict content security policy is kept", async (visit) => {
  await visit.page.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
  });
  await visit.open("/strict-csp.html");
  await visit.say("Compare tea and coffee");
  await visit.answered();
  await visit.tab("Image").click();
  await visit.page.getByRole("textbox", { name: "Describe the picture" }).fill("A cup");
  await visit.button("Generate image").click();
  const image = visit.page.getByRole("img", { name: "A cup" });
  await eventually(() => image.evaluate((node) => node.naturalWidth > 0), "the picture is shown");
  await visit.tab("Video").click();
  await visit.page.getByRole("textbox", { name: "Describe the clip" }).fill("A cup");
  await visit.button("Generate video").click();
  await visit.page.locator("video").waitFor();
  assert.deepEqual(await visit.page.evaluate("window.violations"), []);
  assert.notEqual(await copilot(visit).locator(".window").evaluate((node) => getComputedStyle(node).borderRadius), "0px");
});

scenario("right to left, dark and in the page's own colours", async (visit) => {
  await visit.page.goto(`${visit.demo.url}/rtl.html`);
  await visit.page.getByRole("status", { name: "الرصيد" }).getByText(/\p{Nd}/u).first().waitFor();
  await visit.shot("rtl");
  const chat = await visit.tab("محادثة").boundingBox();
  const video = await visit.tab("فيديو").boundingBox();
  assert.ok(chat.x > video.x, "the first tab is on the right");
  await visit.tab("محادثة").focus();
  await visit.page.keyboard.press("ArrowLeft");
  assert.equal(await visit.tab("صورة").getAttribute("aria-selected"), "true", "left is forward here");
  const colour = await visit.button("إنشاء صورة").evaluate((node) => getComputedStyle(node).getPropertyValue("--triptych-accent"));
  assert.equal(colour.trim(), "#2dd4a7");
});

scenario("a launcher loads nothing before it is wanted, and gives the focus back", async (visit) => {
  const requests = [];
  visit.page.on("request", (request) => requests.push(new URL(request.url()).pathname));
  await visit.page.goto(`${visit.demo.url}/launcher.html`, { waitUntil: "networkidle" });
  const launcher = visit.page.getByRole("button", { name: /(open|close) copilot/i });
  await launcher.waitFor();
  await visit.shot("launcher");
  const early = requests.filter((path) => /wasm|triptych_copilot|\/v1\/|token/.test(path));
  assert.deepEqual(early, [], "neither module nor gateway is asked");
  await launcher.hover();
  await eventually(() => requests.some((path) => path.endsWith(".wasm")), "the module comes when the pointer does");
  assert.deepEqual(requests.filter((path) => /\/v1\/|token/.test(path)), [], "hovering costs the gateway nothing");
  await launcher.click();
  const dialog = visit.page.getByRole("dialog");
  await dialog.waitFor();
  await eventually(async () => (await focused(visit)) === "Message", "the cursor is where the typing goes");
  await visit.credits().getByText("1,000").waitFor();
  await visit.shot("launcher-open");
  await visit.message().fill("half a thought");
  await visit.page.keyboard.press("Escape");
  await eventually(async () => (await dialog.count()) === 0, "Escape closes it");
  await eventually(async () => /open/i.test(await focused(visit)), "the launcher has the focus again");
  assert.equal(await copilot(visit).getAttribute("open"), null);
  await visit.page.keyboard.press("Enter");
  await dialog.waitFor();
  assert.equal(await visit.message().inputValue(), "half a thought", "nothing was lost");
  await visit.button("Close").click();
  await eventually(async () => (await dialog.count()) === 0, "the button closes it");
});

scenario("a page opens, sends and closes by script", async (visit) => {
  await visit.page.goto(`${visit.demo.url}/launcher.html`);
  await visit.page.evaluate(() => {
    window.heard = [];
    for (const name of ["ready", "open", "close", "message", "error"]) {
      document.addEventListener(`triptych-${name}`, (event) => window.heard.push(event.type));
    }
  });
  await visit.button("Ask the copilot").click();
  await visit.page.getByRole("dialog").waitFor();
  await copilot(visit).evaluate((element) => element.send("Hello from the page"));
  await visit.page.getByText("Hello from the page").waitFor();
  await visit.answered();
  await copilot(visit).evaluate((element) => element.close());
  await eventually(async () => (await visit.page.getByRole("dialog").count()) === 0, "closed");
  const heard = await visit.page.evaluate("window.heard");
  for (const name of ["ready", "open", "message", "close"]) {
    assert.equal(heard.filter((type) => type === `triptych-${name}`).length, 1, `${name} in ${heard}`);
  }
});

scenario("what is sent before the module has arrived is sent once it has", async (visit) => {
  await visit.page.goto(`${visit.demo.url}/launcher.html`);
  await copilot(visit).evaluate((element) => element.send("Sent early"));
  await visit.page.getByText("Sent early").waitFor();
  await visit.answered();
  assert.equal((await visit.demo.charges(visit.user)).length, 1);
});

scenario("what the page sends during an answer waits for its end, and what the user types stays", async (visit) => {
  await visit.open("/chat.html");
  await visit.say("Hello");
  await visit.message().fill("half a thought");
  await copilot(visit).evaluate((element) => element.send("Sent by the page"));
  await visit.answered(0);
  await visit.page.getByText("Sent by the page").waitFor();
  assert.equal(await visit.message().inputValue(), "half a thought");
  await visit.answered(1);
  assert.deepEqual(await visit.page.getByRole("article", { name: "You" }).allInnerTexts(), ["Hello", "Sent by the page"]);
});

scenario("an element that moves keeps its conversation and its answer under way", async (visit) => {
  await visit.open("/");
  await visit.say("Explain tides");
  await visit.answers().first().getByText(/\w{3}/).first().waitFor();
  await visit.message().fill("half a thought");
  await visit.page.evaluate(() => {
    const box = document.body.appendChild(document.createElement("main"));
    box.append(document.querySelector("triptych-copilot"));
  });
  const answer = await visit.answered();
  assert.equal(await answer.getByRole("alert").count(), 0);
  assert.equal(await visit.message().inputValue(), "half a thought");
  await visit.balanceShown();
  const [charge] = await visit.demo.charges(visit.user);
  assert.equal(charge.estimated, false, "the answer was not broken off");
});

scenario("an element that is taken away and put back works again", async (visit) => {
  await visit.open("/");
  await visit.page.evaluate(async () => {
    const element = document.querySelector("triptych-copilot");
    const parent = element.parentNode;
    element.remove();
    await new Promise(requestAnimationFrame);
    parent.append(element);
  });
  await visit.credits().getByText("1,000").waitFor();
  await visit.say("Hello");
  await visit.answered();
});

scenario(
  "a wide element shows all three panels side by side, a narrow one tabs",
  async (visit) => {
    await visit.open("/");
    await visit.button("Generate image").waitFor();
    await visit.button("Generate video").waitFor();
    await visit.button("Send").waitFor();
    assert.equal(await visit.page.getByRole("tab").count(), 0);
    await visit.message().fill("kept across");
    await visit.shot("wide");
    await visit.page.setViewportSize({ width: 800, height: 900 });
    await visit.tab("Chat").waitFor();
    assert.equal(await visit.message().inputValue(), "kept across");
    assert.equal(await visit.button("Generate image").count(), 0);
  },
  { viewport: { width: 1500, height: 950 } },
);

scenario("an inline copilot steals no focus and scrolls no page", async (visit) => {
  await visit.open("/");
  assert.equal(await focused(visit), "body");
  await visit.say("Hello");
  await visit.answered();
  assert.equal(await visit.page.evaluate("scrollY"), 0);
});

scenario("attributes change while it runs", async (visit) => {
  await visit.open("/");
  await copilot(visit).evaluate((element) => {
    element.heading = "Shop helper";
    element.placeholder = "Ask about shoes";
    element.setAttribute("panels", "video chat");
    element.theme = "dark";
  });
  await visit.page.getByRole("heading", { name: "Shop helper" }).waitFor();
  await eventually(async () => (await visit.page.getByRole("tab").allInnerTexts()).join() === "Video,Chat", "the panels");
  await visit.tab("Chat").click();
  assert.equal(await visit.message().getAttribute("placeholder"), "Ask about shoes");
  await visit.shot("dark");
});

scenario("a gateway that is none is named with its attribute", async (visit) => {
  await visit.page.goto(`${visit.demo.url}/launcher.html`);
  const [error] = await Promise.all([
    visit.page.evaluate(
      () => new Promise((resolve) => addEventListener("triptych-error", (event) => resolve(event.detail))),
    ),
    visit.page.evaluate(() => {
      const element = document.createElement("triptych-copilot");
      element.setAttribute("mode", "inline");
      document.querySelector("main").append(element);
    }),
  ]);
  assert.match(error.message, /gateway/);
  await visit.page.getByRole("alert").getByText(/gateway/).waitFor();
});

scenario("nothing is asked of any other host", async (visit) => {
  const hosts = new Set();
  visit.page.on("request", (request) => hosts.add(new URL(request.url()).origin));
  await visit.open("/");
  await visit.say("Compare tea and coffee");
  await visit.answered();
  assert.deepEqual([...hosts], [visit.demo.url]);
});

scenario("no name of ours is left in the page's own", async (visit) => {
  await visit.page.goto(`${visit.demo.url}/page.css`);
  const before = await visit.page.evaluate(() => Object.keys(window));
  await visit.open("/");
  const after = await visit.page.evaluate(() => Object.keys(window));
  assert.deepEqual(after.filter((name) => !before.includes(name)), []);
});
