// A wire between an SDK and the gateway that counts calls and can lose an answer.
import { connect, createServer } from "node:net";

/** The wire to `gateway`; `url` is where an SDK connects. */
export async function startWire(gateway) {
  const { hostname, port } = new URL(gateway);
  const sockets = new Set();
  const wire = { calls: [], lose: 0 };

  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    let losing = false;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on("data", (bytes) => {
      const line = /^(GET|POST|DELETE) (\S+) HTTP\/1\.1/.exec(bytes.toString("latin1"));
      if (line) {
        wire.calls.push(`${line[1]} ${line[2]}`);
        losing = wire.lose > 0;
        if (losing) wire.lose -= 1;
      }
      far.write(bytes);
    });
    far.on("data", (bytes) => {
      // The gateway has answered; the caller never hears of it.
      if (losing) near.destroy();
      else near.write(bytes);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  wire.url = `http://127.0.0.1:${server.address().port}`;
  wire.stop = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  };
  return wire;
}
