'use strict';
// The interop service on a loopback port: prints the port, stops when stdin closes.
const { grpc, Interop } = require('./contract');

function echo(call, callback) {
  const trailers = returned(call.metadata, 'trail');
  call.sendMetadata(returned(call.metadata, 'echo'));
  callback(null, call.request, trailers);
}

function returned(metadata, prefix) {
  const target = new grpc.Metadata();
  for (const kind of ['text', 'bin']) {
    const [value] = metadata.get(`echo-${kind}`);
    if (value !== undefined) target.set(`${prefix}-${kind}`, value);
  }
  return target;
}

function fail(call, callback) {
  if (call.request.unhandled) return callback(new Error('unhandled'));
  const metadata = new grpc.Metadata();
  metadata.set('reason', 'asked');
  metadata.set('reason-bin', Buffer.from([0, 1, 254, 255]));
  callback({ code: call.request.code, details: call.request.message, metadata });
}

function wait(call, callback) {
  call.on('cancelled', () => {
    console.log('cancelled');
    callback({ code: grpc.status.CANCELLED });
  });
  console.log('waiting');
}

function collect(call, callback) {
  const total = { count: 0, bytes: 0, last: '' };
  call.on('data', (packet) => {
    total.count++;
    total.bytes += packet.payload.length;
    total.last = packet.text;
  });
  call.on('end', () => callback(null, total));
}

function expand(call) {
  const { count, payloadSize, fail: fails, stay } = call.request;
  for (let i = 0; i < count; i++) call.write({ text: `${i}`, payload: Buffer.alloc(payloadSize) });
  if (stay) return call.on('cancelled', () => console.log('cancelled'));
  if (fails) return call.emit('error', { code: grpc.status.ABORTED, details: 'after the packets' });
  const trailers = new grpc.Metadata();
  trailers.set('sent', `${count}`);
  call.end(trailers);
}

function chat(call) {
  call.on('data', (packet) => call.write(packet));
  call.on('end', () => call.end());
}

const server = new grpc.Server();
server.addService(Interop.service, { echo, fail, wait, collect, expand, chat });
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`port ${port}`);
});
process.stdin.resume();
process.stdin.on('end', () => server.forceShutdown());
