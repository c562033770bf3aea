/**
 * Joins a network to servers of the machine outside it, which it can't reach: a file is the only thing
 * that both sides see. Started in the network, with `<address>:<port>=<socket file>` for each.
 */
import { connect, createServer } from "node:net";

for (const argument of process.argv.slice(2)) {
  const [, host, port, socketFile] = /^(.+):(\d+)=(.+)$/.exec(argument) ?? [];
  createServer((near) => {
    const far = connect(socketFile!);
    near.pipe(far).pipe(near);
    for (const end of [near, far]) {
      end.on("error", () => {
        near.destroy();
        far.destroy();
      });
    }
  }).listen(Number(port), host);
}
