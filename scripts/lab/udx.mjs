// node udx.mjs recv HOST PORT BYTES OUT | send HOST PORT FILE: one file over udx-native, as a peer to measure against.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const UDX = createRequire(path.join(process.env.UDX_DIR ?? '.', 'package.json'))('udx-native');
const [, , mode, host, port, arg, out] = process.argv;
const udx = new UDX();
const socket = udx.createSocket();
if (mode === 'recv') {
  socket.bind(Number(port), '0.0.0.0');
  const stream = udx.createStream(1);
  const file = fs.createWriteStream(out);
  let received = 0;
  stream.on('data', (chunk) => {
    received += chunk.length;
    file.write(chunk);
    if (received >= Number(arg)) file.end(() => setTimeout(() => process.exit(0), 300));
  });
  stream.connect(socket, 2, 9001, host);
} else {
  socket.bind(9001, '0.0.0.0');
  const stream = udx.createStream(2);
  stream.connect(socket, 1, Number(port), host);
  stream.on('error', () => process.exit());
  stream.on('close', () => process.exit());
  fs.createReadStream(arg, { highWaterMark: 1 << 20 }).pipe(stream);
}
