/** A process that runs the cases it is sent, one at a time: a crash takes one case with it and no more. */
import { runCase } from './run-case.ts';

process.on('message', (job: { readonly name: string; readonly folder: string }) => {
  void runCase(job.name, job.folder).then((result) => process.send?.(result));
});
