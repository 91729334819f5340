'use strict';
// Calls the interop service at two addresses, the second of a server that compresses, and prints a line for each check:
// `ok NAME` or `not ok NAME: why`.
const assert = require('node:assert/strict');
const { grpc, Interop } = require('./contract');

const [plainAddress, zippedAddress] = process.argv.slice(2);
const bytes = Buffer.from([0, 127, 128, 255, 44]);
const plain = connect(plainAddress, {});
const zipped = connect(zippedAddress, { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip });

function connect(address, options) {
  return new Interop(address, grpc.credentials.createInsecure(), options);
}

function metadataOf(values) {
  const metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries(values)) metadata.set(key, value);
  return metadata;
}

/** A unary call: its reply or error, and the metadata that came with it. */
function unary(client, method, request, metadata = {}, options = {}) {
  return new Promise((resolve) => {
    const seen = {};
    const call = client[method](request, metadataOf(metadata), options, (error, reply) => Object.assign(seen, { error, reply }));
    call.on('metadata', (headers) => { seen.headers = headers; });
    call.on('status', (status) => { seen.status = status; setImmediate(resolve, seen); });
    if (options.cancel) options.cancel(call);
  });
}

/** What a stream brings until its status. */
function drain(call) {
  return new Promise((resolve) => {
    const packets = [];
    call.on('data', (packet) => packets.push(packet));
    call.on('error', () => {});
    call.on('status', (status) => resolve({ packets, status }));
  });
}

const checks = {
  async unary() {
    const { reply, status } = await unary(plain, 'echo', { text: 'größer ✓', payload: bytes });
    assert.deepEqual({ ...reply }, { text: 'größer ✓', payload: bytes });
    assert.equal(status.code, grpc.status.OK);
  },
  async 'empty message'() {
    const { reply } = await unary(plain, 'echo', {});
    assert.deepEqual({ ...reply }, { text: '', payload: Buffer.alloc(0) });
  },
  async 'client streaming'() {
    const total = await new Promise((resolve, reject) => {
      const call = plain.collect((error, reply) => (error ? reject(error) : resolve(reply)));
      for (let i = 0; i < 1000; i++) call.write({ text: `${i}`, payload: bytes });
      call.end();
    });
    assert.deepEqual({ ...total }, { count: 1000, bytes: 5000, last: '999' });
  },
  async 'server streaming'() {
    const { packets, status } = await drain(plain.expand({ count: 1000, payloadSize: 10 }));
    assert.deepEqual(packets.map((p) => p.text), Array.from({ length: 1000 }, (_, i) => `${i}`));
    assert.equal(status.code, grpc.status.OK);
    assert.deepEqual(status.metadata.get('sent'), ['1000']);
  },
  async 'empty server stream'() {
    const { packets, status } = await drain(plain.expand({}));
    assert.deepEqual([packets.length, status.code], [0, grpc.status.OK]);
  },
  async 'server stream that fails'() {
    const { packets, status } = await drain(plain.expand({ count: 2, fail: true }));
    assert.deepEqual([packets.length, status.code, status.details], [2, grpc.status.ABORTED, 'after the packets']);
  },
  async 'duplex streaming'() {
    const call = plain.chat();
    const drained = drain(call);
    let turns = 0;
    call.on('data', () => (++turns < 100 ? call.write({ text: `${turns}` }) : call.end()));
    call.write({ text: '0' });
    const { packets, status } = await drained;
    assert.deepEqual(packets.map((p) => p.text), Array.from({ length: 100 }, (_, i) => `${i}`));
    assert.equal(status.code, grpc.status.OK);
  },
  async 'metadata both ways'() {
    const { headers, status } = await unary(plain, 'echo', {}, { 'echo-text': 'plain', 'echo-bin': bytes });
    assert.deepEqual(headers.get('echo-text'), ['plain']);
    assert.deepEqual(headers.get('echo-bin'), [bytes]);
    assert.deepEqual(status.metadata.get('trail-text'), ['plain']);
    assert.deepEqual(status.metadata.get('trail-bin'), [bytes]);
  },
  async 'status, message and trailers'() {
    const { error } = await unary(plain, 'fail', { code: grpc.status.FAILED_PRECONDITION, message: 'grün, 100% ✓' });
    assert.deepEqual([error.code, error.details], [grpc.status.FAILED_PRECONDITION, 'grün, 100% ✓']);
    assert.deepEqual(error.metadata.get('reason'), ['asked']);
    assert.deepEqual(error.metadata.get('reason-bin'), [Buffer.from([0, 1, 254, 255])]);
  },
  async 'unhandled exception'() {
    const { error } = await unary(plain, 'fail', { unhandled: true });
    assert.equal(error.code, grpc.status.UNKNOWN);
  },
  async 'unimplemented method'() {
    const { error } = await unary(plain, 'missing', {});
    assert.equal(error.code, grpc.status.UNIMPLEMENTED);
  },
  async deadline() {
    const { error } = await unary(plain, 'wait', {}, {}, { deadline: Date.now() + 300 });
    assert.equal(error.code, grpc.status.DEADLINE_EXCEEDED);
  },
  async cancellation() {
    const { error } = await unary(plain, 'wait', {}, {}, { cancel: (call) => setImmediate(() => call.cancel()) });
    assert.equal(error.code, grpc.status.CANCELLED);
  },
  async 'message above the limit'() {
    const { error } = await unary(plain, 'echo', { payload: Buffer.alloc(5 * 1024 * 1024) });
    assert.equal(error.code, grpc.status.RESOURCE_EXHAUSTED);
  },
  async 'gzip request'() {
    const { headers, reply } = await unary(zipped, 'echo', { payload: Buffer.alloc(100000) });
    assert.equal(reply.payload.length, 100000);
    assert.deepEqual(headers.get('seen-encoding'), ['gzip']);
  },
  async 'gzip stream'() {
    const { packets } = await drain(zipped.expand({ count: 3, payloadSize: 100000 }));
    assert.deepEqual(packets.map((p) => p.payload.length), [100000, 100000, 100000]);
  },
  async 'a thousand calls at once'() {
    const calls = Array.from({ length: 1000 }, (_, i) => unary(plain, 'echo', { text: `${i}` }));
    const replies = await Promise.all(calls);
    assert.ok(replies.every(({ reply }, i) => reply?.text === `${i}`));
  },
};

async function main() {
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      console.log(`ok ${name}`);
    } catch (error) {
      console.log(`not ok ${name}: ${String(error.message).replaceAll('\n', ' ')}`);
    }
  }
  plain.close();
  zipped.close();
}

main();
