// Round trips of small datagrams through the link, for what a queue adds to them.
//   echo-probe.mjs echo PORT            answers until it is ended
//   echo-probe.mjs ask ADDRESS PORT     asks every 100 ms until it is ended; one line each:
//                                       seconds since 1970, round trip in ms
import { createSocket } from 'node:dgram';

const EVERY_MS = 100;
const [mode, ...rest] = process.argv.slice(2);
const socket = createSocket('udp4');

if (mode === 'echo') {
  socket.on('message', (bytes, from) => socket.send(bytes, from.port, from.address));
  socket.bind(Number(rest[0]));
} else {
  const [address, port] = [rest[0], Number(rest[1])];
  socket.on('message', (bytes) => {
    const roundTripMs = performance.now() - bytes.readDoubleBE(0);
    console.log((Date.now() / 1000).toFixed(3), roundTripMs.toFixed(3));
  });
  setInterval(() => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(performance.now());
    socket.send(bytes, port, address);
  }, EVERY_MS);
}
