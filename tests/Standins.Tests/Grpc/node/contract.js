'use strict';
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const definition = loader.loadSync(path.join(__dirname, '..', 'interop.proto'), { longs: Number, defaults: true });
const { Interop } = grpc.loadPackageDefinition(definition).metering.standins.interop.v1;

module.exports = { grpc, Interop };
