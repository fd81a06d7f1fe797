/** A progress line on stderr: only on a terminal, only for work that takes over a second. */
import { plainText } from './terminal.ts';
export interface Progress {
  update(text: string, share: number): void;
  done(): void;
}

const WIDTH = 30;

export function progress(): Progress {
  const started = performance.now();
  const visible = process.stderr.isTTY === true && process.env['CI'] === undefined;
  let shown = false;
  let last = 0;
  return {
    update(text, share) {
      const now = performance.now();
      if (!visible || now - started < 1000 || now - last < 100) return;
      last = now;
      shown = true;
      const filled = Math.round(Math.min(1, Math.max(0, share)) * WIDTH);
      const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
      process.stderr.write(`\r\u001b[K${plainText(text)} ${bar} ${Math.floor(share * 100)} %`);
    },
    done() {
      if (shown) process.stderr.write('\r\u001b[K');
    },
  };
}
