/** Reads the text of a picture, or of a page that it writes first, and says what that took and held. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { mib } from '../memory.ts';
import type { Report } from './contender.ts';
import { compileNetworks, pageFile } from './networks.ts';
import { page } from './page.ts';
import { writePage } from './pictures.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

async function reportOf(who: 'millrace' | 'onnxruntime', picture: string): Promise<Report> {
  const args = ['--import=tsx', at('contender.ts'), who, picture];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout) as Report;
}

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean' } },
  allowPositionals: true,
});
const [given] = positionals;
if (!values.json)
  console.log('PP-OCRv4: three networks, 15 MiB of weights. Compiling what is not compiled yet…');
await compileNetworks();
if (given === undefined) await writePage(pageFile, page);
const picture = given ?? pageFile;
const reports = [{ who: 'Millrace', ...(await reportOf('millrace', picture)) }];
if (existsSync(at('../../bench/node_modules/onnxruntime-node')))
  reports.push({ who: 'onnxruntime-node', ...(await reportOf('onnxruntime', picture)) });

if (values.json) console.log(JSON.stringify({ picture, reports }));
else {
  console.log(`\n${picture}\n`);
  for (const { text, confidence } of reports[0]!.lines)
    console.log(`  ${text.padEnd(60)} ${(100 * confidence).toFixed(0)} %`);
  console.log();
  for (const { who, milliseconds, plannedBytes, peakBytes, bareBytes } of reports) {
    const planned = plannedBytes === null ? '' : `, ${mib(plannedBytes)} planned for all networks`;
    console.log(
      `${who}: ${milliseconds.toFixed(0)} ms, process peak ${mib(peakBytes)} of which ${mib(bareBytes)} without networks${planned}`,
    );
  }
}
