/** A reader is one end of a named pipe, which can be slow, or gone; a full disk is /dev/full. */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LogOutput } from '../../../config/log-output.ts';

const { O_CREAT, O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
const LINE = `${'x'.repeat(1_023)}\n`;
/** More than is kept for a reader. */
const MANY = 12 * 1_024;

describe('the output of the log', () => {
  let folder: string;
  let open: number[];

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'partyline-log-'));
    open = [];
  });
  afterEach(() => {
    for (const fd of open) closeSync(fd);
    rmSync(folder, { recursive: true, force: true });
  });

  function pipe(): { reader: number; writer: number } {
    const name = path.join(folder, 'pipe');
    execFileSync('mkfifo', [name]);
    const reader = openSync(name, O_RDONLY | O_NONBLOCK);
    const writer = openSync(name, O_WRONLY | O_NONBLOCK);
    open.push(reader, writer);
    return { reader, writer };
  }

  function leave(reader: number): void {
    closeSync(reader);
    open.splice(open.indexOf(reader), 1);
  }

  /** What can be read now. */
  function read(reader: number): string {
    const parts: Buffer[] = [];
    const part = Buffer.alloc(256 * 1_024);
    for (;;) {
      try {
        const length = readSync(reader, part);
        if (length === 0) break;
        parts.push(Buffer.from(part.subarray(0, length)));
      } catch {
        break; // EAGAIN: no more for now
      }
    }
    return Buffer.concat(parts).toString();
  }

  const flushed = (output: LogOutput) => new Promise<void>((resolve) => output.flush(resolve));

  it('writes lines in their order, and says when they are out', async () => {
    const { reader, writer } = pipe();
    const output = new LogOutput({ fd: writer });
    for (let count = 0; count < 100; count += 1) output.write(`line ${count}\n`);
    await flushed(output);
    const expected = Array.from({ length: 100 }, (_, count) => `line ${count}\n`).join('');
    expect(read(reader)).to.equal(expected);
    await flushed(output); // nothing waits: at once
  });

  it('keeps lines for a slow reader', async () => {
    const { reader, writer } = pipe();
    const output = new LogOutput({ fd: writer });
    const expected = LINE.repeat(1_000);
    for (let count = 0; count < 1_000; count += 1) output.write(LINE);
    let text = '';
    const done = flushed(output).then(() => true);
    while (!(await Promise.race([done, new Promise((resolve) => setImmediate(resolve, false))]))) text += read(reader);
    expect((text + read(reader)).length).to.equal(expected.length);
  });

  it('drops lines when nobody reads for long, and tells how many when somebody does again', async () => {
    const { reader, writer } = pipe();
    let lost = 0;
    const output = new LogOutput({ fd: writer, onLost: (count) => (lost += count) });
    for (let count = 0; count < MANY; count += 1) output.write(LINE);
    let text = '';
    const done = flushed(output).then(() => true);
    while (!(await Promise.race([done, new Promise((resolve) => setImmediate(resolve, false))]))) text += read(reader);
    text += read(reader);
    expect(lost).to.be.greaterThan(0);
    expect(text.length / LINE.length + lost).to.equal(MANY);
  });

  it('is done for good when the reader is gone, and never waits for it', async () => {
    const { reader, writer } = pipe();
    let told = false;
    const output = new LogOutput({ fd: writer, onLost: () => (told = true) });
    leave(reader);
    // As at the end of a process: the first is on its way when the others come, and nothing is awaited.
    for (let count = 0; count < 10; count += 1) output.write(LINE);
    output.flushSync();
    await flushed(output);
    for (let count = 0; count < MANY; count += 1) output.write(LINE);
    await flushed(output);
    output.flushSync();
    expect(told).to.equal(false);
  });

  it('writes what waits before the end, and does not wait for a reader that does not read', () => {
    const { reader, writer } = pipe();
    const output = new LogOutput({ fd: writer });
    for (let count = 0; count < 1_000; count += 1) output.write(LINE);
    const began = performance.now();
    output.flushSync();
    expect(performance.now() - began).to.be.below(5_000);
    expect(read(reader).length).to.be.greaterThan(LINE.length);
  });

  it('goes on while the disk is full, and tells how many lines that took', async () => {
    const full = openSync('/dev/full', O_WRONLY);
    let lost = 0;
    const output = new LogOutput({ fd: full, onLost: (count) => (lost += count) });
    output.write(LINE);
    output.write(LINE);
    output.flushSync(); // as a fatal error does
    await flushed(output);
    closeSync(full);
    const file = path.join(folder, 'log');
    open.push(openSync(file, O_WRONLY | O_CREAT));
    expect(open, 'the descriptor is the same').to.deep.equal([full]);
    output.write('after\n');
    await flushed(output);
    expect(readFileSync(file, 'utf8'), 'no line is glued to a torn one').to.equal('\nafter\n');
    expect(lost).to.equal(2);
  });
});
