import assert from "node:assert/strict";

import { accessible } from "./axe.mjs";
import { eventually } from "./demo.mjs";
import { suite } from "./scenario.mjs";

const scenario = suite();

for (const colorScheme of ["light", "dark"]) {
  scenario(
    `every state of the three panels is accessible in ${colorScheme} colours`,
    async (visit) => {
      await visit.open("/");
      await accessible(visit, `${colorScheme}-idle`);
      await visit.say("Compare tea and coffee");
      await visit.answers().first().getByText(/\w{3}/).first().waitFor();
      await accessible(visit, `${colorScheme}-streaming`);
      await visit.answered();
      await visit.message().fill("And milk?");
      await accessible(visit, `${colorScheme}-answered`);
      await visit.button("Chats").click();
      const chats = visit.page.getByRole("region", { name: "Chats" });
      await chats.getByRole("button", { name: "Options of Compare tea and coffee" }).click();
      await accessible(visit, `${colorScheme}-chats`);
      await chats.getByRole("menuitem", { name: "Rename" }).click();
      await accessible(visit, `${colorScheme}-chats-rename`);
      await visit.page.keyboard.press("Escape");
      // The line has the focus again with the next frame.
      await chats.locator("[data-act=open]:focus").waitFor();
      await visit.page.keyboard.press("Delete");
      await chats.getByRole("button", { name: "Undo" }).waitFor();
      await accessible(visit, `${colorScheme}-chats-deleted`);
      await chats.getByRole("button", { name: "Close the list" }).click();

      await visit.tab("Image").click();
      await visit.page.getByRole("textbox", { name: "Describe the picture" }).fill("A cup");
      await accessible(visit, `${colorScheme}-image-form`);
      await visit.button("Generate image").click();
      await visit.page.getByRole("img", { name: "A cup" }).waitFor();
      await accessible(visit, `${colorScheme}-image-done`);

      await visit.tab("Video").click();
      await visit.page.getByRole("textbox", { name: "Describe the clip" }).fill("A cup");
      await visit.button("Generate video").click();
      await visit.page.getByRole("progressbar").first().waitFor();
      await accessible(visit, `${colorScheme}-video-progress`);
      await visit.page.locator("video").waitFor();
      await accessible(visit, `${colorScheme}-video-done`);
    },
    { colorScheme },
  );
}

scenario(
  "what is refused and what failed is accessible",
  async (visit) => {
    visit.expect(/status of 50\d/);
    await visit.open("/");
    await visit.say("Rain [[fault:500]]");
    await visit.page.getByRole("alert").waitFor();
    await accessible(visit, "failed");
    await visit.tab("Video").click();
    await visit.page.getByRole("textbox", { name: "Describe the clip" }).fill("A boat");
    await visit.page.getByRole("link", { name: "Top up" }).waitFor();
    await accessible(visit, "short");
  },
  { credits: 5 },
);

for (const colorScheme of ["light", "dark"]) {
  scenario(
    `branches, feedback, thoughts, tools and sources are accessible in ${colorScheme} colours`,
    async (visit) => {
      await visit.open("/chat.html");
      await visit.say("Explain tides in short [[with:reasoning]] [[with:tool]] [[with:citations]]");
      const answer = await visit.answered();
      for (const summary of await answer.locator("summary").all()) await summary.click();
      await visit.button("Good answer").click();
      await accessible(visit, `${colorScheme}-parts`);
      await visit.button("Answer again").click();
      await answer.getByRole("group", { name: "Version 2 of 2" }).waitFor();
      await visit.answered();
      await accessible(visit, `${colorScheme}-versions`);
      await visit.button("Edit message").click();
      await accessible(visit, `${colorScheme}-edit`);
      await visit.button("Cancel").click();
      await visit.say("Explain tides, long");
      await visit.answers().nth(1).locator(".body").getByText(/\w/).first().waitFor();
      await visit.button("Leave running").click();
      await visit.page.getByText("Running at the server", { exact: true }).waitFor();
      await accessible(visit, `${colorScheme}-left`);
      await visit.button("Stop").click();
      await visit.answers().nth(1).getByText(/^(Charged|Held)/).waitFor();
    },
    { colorScheme },
  );
}
scenario(
  "the settings, and all of it in forced colours and with wider text, are accessible",
  async (visit) => {
    await visit.open("/");
    await visit.button("Settings").click();
    await visit.page.getByRole("group", { name: "Announce answers" }).waitFor();
    await accessible(visit, "settings");
    await visit.page.keyboard.press("Escape");
    // What WCAG 1.4.12 asks for.
    await visit.page.locator("triptych-copilot").evaluate(({ shadowRoot }) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; } p { margin-block-end: 2em !important; }");
      shadowRoot.adoptedStyleSheets.push(sheet);
    });
    await visit.message().fill("And milk?");
    await visit.button("Settings").click();
    const small = await visit.page.locator("triptych-copilot").evaluate(({ shadowRoot }) =>
      [...shadowRoot.querySelectorAll("button, select, input, summary, [role=tab], .menu label")]
        .map((node) => [node, node.getBoundingClientRect()])
        // A radio button is as large as the label around it; so is a box to tick.
        .filter(([node, { width, height }]) => width > 0 && !node.closest("label input") && (width < 24 || height < 24))
        .map(([node, { width, height }]) => `${node.className} ${width} × ${height}`),
    );
    assert.deepEqual(small, [], "targets of at least 24 by 24 pixels");
    const cut = await visit.page.locator("triptych-copilot").evaluate(({ shadowRoot }) =>
      [...shadowRoot.querySelectorAll("button, .tab span, .menu label, .price, .hint, .greeting")]
        .filter((node) => node.clientWidth && node.scrollWidth > node.clientWidth + 1)
        .map((node) => node.className),
    );
    assert.deepEqual(cut, [], "nothing is cut off");
    await accessible(visit, "forced-wide");
  },
  { forcedColors: "active", viewport: { width: 640, height: 480 } },
);

scenario("a launcher is accessible closed and open", async (visit) => {
  await visit.page.goto(`${visit.demo.url}/launcher.html`);
  await accessible(visit, "launcher");
  await visit.page.getByRole("button", { name: /open copilot/i }).click();
  await visit.credits().getByText("1,000").waitFor();
  await accessible(visit, "launcher-open");
});

scenario(
  "all three side by side, and the other pages, are accessible",
  async (visit) => {
    for (const path of ["/", "/chat.html", "/several.html", "/events.html"]) {
      await visit.open(path);
      await accessible(visit, `page-${path.replaceAll(/\W/g, "")}`);
    }
  },
  { viewport: { width: 1500, height: 950 } },
);

scenario("everything can be done with the keyboard alone", async (visit) => {
  await visit.open("/");
  const { keyboard } = visit.page;
  const here = () =>
    visit.page.evaluate(() => {
      let element = document.activeElement;
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      const label = element.labels?.[0]?.querySelector(".label")?.textContent;
      return element.getAttribute("aria-label") ?? label ?? element.textContent.trim();
    });
  /** Goes on with Tab until something has the focus. */
  const tabTo = async (name) => {
    for (let step = 0; step < 20; step += 1) {
      if ((await here()) === name) return;
      await keyboard.press("Tab");
    }
    assert.fail(`Tab never came to ${name}`);
  };
  const focusIsVisible = () =>
    visit.page.evaluate(() => {
      let element = document.activeElement;
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      // A box may show the focus of what it holds.
      for (let node = element; node; node = node.parentElement) {
        const style = getComputedStyle(node);
        if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) return true;
        if (node.matches(".box")) return node.matches(":focus-within");
      }
      return false;
    });

  await tabTo("Chat");
  assert.ok(await focusIsVisible());
  await keyboard.press("Tab");
  await tabTo("Message");
  assert.ok(await focusIsVisible());
  await keyboard.type("Hello");
  await keyboard.press("Enter");
  await visit.answered();
  assert.equal(await here(), "Message", "the cursor stays where the typing goes");

  await visit.tab("Chat").focus();
  await keyboard.press("ArrowRight");
  assert.equal(await here(), "Image");
  assert.equal(await visit.tab("Image").getAttribute("aria-selected"), "true");
  await keyboard.press("End");
  assert.equal(await here(), "Video");
  await keyboard.press("ArrowRight");
  assert.equal(await here(), "Chat", "the arrows go round");
  await keyboard.press("Home");
  await keyboard.press("ArrowRight");
  await tabTo("Describe the picture");
  await keyboard.type("A cup");
  await tabTo("Pictures");
  await keyboard.press("ArrowRight");
  assert.equal(await visit.page.getByRole("slider", { name: "Pictures" }).inputValue(), "2");
  await tabTo("Generate image");
  assert.ok(await focusIsVisible());
  await keyboard.press("Enter");
  await eventually(async () => (await visit.page.getByRole("img", { name: "A cup" }).count()) === 2, "two pictures");
  await tabTo("Download");
});

scenario("what happens is said to screen readers at its boundaries, not word by word", async (visit) => {
  await visit.open("/chat.html");
  assert.equal(await visit.page.getByRole("log", { name: "Conversation" }).getAttribute("aria-live"), "off");
  await copyAnnouncements(visit);
  await visit.say("Hello");
  await visit.answered();
  const said = await visit.page.evaluate("window.said");
  assert.ok(said.length >= 2 && said.length < 12, `said ${said.length} times: ${said.join(" | ")}`);
});

async function copyAnnouncements(visit) {
  await visit.page.locator("triptych-copilot").evaluate((element) => {
    const region = element.shadowRoot.querySelector("[aria-live=polite][role=log]");
    window.said = [];
    new MutationObserver(() => window.said.push(region.textContent)).observe(region, {
      childList: true,
      characterData: true,
      subtree: true,
    });
  });
}

scenario(
  "at 320 pixels nothing has to be scrolled sideways",
  async (visit) => {
    const fits = async (state) => {
      await visit.shot(`narrow-${state}`);
      const look = () => visit.page.evaluate(() => {
        const out = [];
        if (document.documentElement.scrollWidth > innerWidth) out.push("the page");
        const { shadowRoot } = document.querySelector("triptych-copilot");
        // Code and tables of an answer scroll in a box of their own.
        for (const node of shadowRoot.querySelectorAll(".copilot, .window, .top, .tabs, .panel:not([hidden]), .transcript, .composer, .maker, .results, .card")) {
          if (node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).overflowX !== "visible") out.push(node.className);
          if (node.getBoundingClientRect().right > innerWidth + 1) out.push(`${node.className} sticks out`);
        }
        return out;
      });
      // What has just come may still be laid out.
      let wide;
      await eventually(async () => (wide = await look()).length === 0, state, 3_000).catch(() => {});
      assert.deepEqual(wide, [], state);
    };
    await visit.open("/");
    await fits("idle");
    await visit.say("Compare tea and coffee in a table");
    await visit.answered();
    await fits("answered");
    await visit.tab("Image").click();
    await visit.page.getByRole("textbox", { name: "Describe the picture" }).fill("A cup");
    await visit.button("Generate image").click();
    await visit.page.getByRole("img", { name: "A cup" }).waitFor();
    await fits("image");
    await visit.tab("Video").click();
    await visit.page.getByRole("textbox", { name: "Describe the clip" }).fill("A cup");
    await visit.button("Generate video").click();
    await visit.page.getByRole("progressbar").first().waitFor();
    await fits("video");
    await visit.page.locator("video").waitFor();
    await fits("video-done");
  },
  { viewport: { width: 320, height: 640 } },
);
