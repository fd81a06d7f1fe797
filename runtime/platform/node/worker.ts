/** The whole program of an engine thread on Node: an instance of the engine over the shared memory, and its loop. */
import { workerData } from 'node:worker_threads';
import { instantiate } from '../../engine/instance.ts';
import type { ThreadStart } from '../../engine/threads.ts';

const { module, memory, thread, stackTop } = workerData as ThreadStart;
const engine = instantiate(module, memory);
if (stackTop !== null) engine.__stack_pointer.value = stackTop;
engine.worker(thread);
