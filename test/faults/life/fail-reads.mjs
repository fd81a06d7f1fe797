/** Preloaded with --import: `fs.read` at a position fails now and then, as fail-reads.c does it to the system's call. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { FAULT: fault, FAULT_EVERY: every } = process.env;
const { read } = fs;
let reads = 0;

fs.read = (descriptor, bytes, at, length, position, done) => {
  if (++reads % Number(every) !== 0) return read(descriptor, bytes, at, length, position, done);
  switch (fault) {
    case 'short':
      return read(descriptor, bytes, at, Math.min(length, 4096), position, done);
    case 'slow':
      return setTimeout(() => read(descriptor, bytes, at, length, position, done), 3);
    default: {
      const error = Object.assign(new Error(`${fault}: made to fail, read`), {
        code: fault,
        syscall: 'read',
      });
      return setImmediate(() => done(error, 0, bytes));
    }
  }
};
syncBuiltinESMExports();
