// A network between page and gateway that can be cut.
import { connect, createServer } from "node:net";
import { after } from "node:test";

export async function startProxy() {
  const open = new Set();
  let target;
  let closed = false;
  const server = createServer((near) => {
    if (closed) return near.destroy();
    const far = connect(target.port, target.hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      open.add(one);
      one.pipe(other);
      one.on("error", () => {});
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  const url = `http://127.0.0.1:${server.address().port}`;
  after(() => {
    cut();
    server.close();
  });
  return {
    url,
    /** Leads to a gateway; answers with the address to open. */
    to(gateway) {
      target = new URL(gateway);
      closed = false;
      return url;
    },
    /** Breaks every connection; new ones work. */
    cut,
    /** Breaks every connection and refuses new ones. */
    close() {
      closed = true;
      cut();
    },
    open() {
      closed = false;
    },
  };
}
