// What people do with chats, and what of them is on the disk.
import { eventually } from "./demo.mjs";

/** The lines of the list, in their order. */
export const titles = (visit, page = visit.page) => page.locator(".chats-open .chats-title").allInnerTexts();
export const list = (page) => page.getByRole("region", { name: "Chats" });

export async function openList(visit, page = visit.page) {
  await visit.button("Chats", page).click();
  await list(page).waitFor();
}

/** Waits until what is shown is also on the disk. */
export async function kept(visit, page = visit.page) {
  await eventually(async () => {
    const { threads } = await stored(page);
    return threads.length > 0 && threads.every(({ live }) => !live);
  }, "the chat is kept");
}

/** What the database has. */
export function stored(page) {
  return page.evaluate(async () => {
    const database = await new Promise((resolve, reject) => {
      const request = indexedDB.open("triptych");
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const all = (name) =>
      new Promise((resolve, reject) => {
        if (!database.objectStoreNames.contains(name)) return resolve([]);
        const request = database.transaction(name).objectStore(name).getAll();
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const [threads, messages] = [await all("threads"), await all("messages")];
    database.close();
    return { threads, messages };
  });
}

export async function askAndKeep(visit, text, page = visit.page) {
  const index = await visit.answers(page).count();
  await visit.say(text, page);
  await visit.answered(index, page);
  await kept(visit, page);
}

export const words = (answer) => answer.locator(".body").innerText();
