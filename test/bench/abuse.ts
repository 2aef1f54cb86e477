/**
 * What a flood costs honest callers: `npm run abuse -- [--seconds 20] [--rate 2000] [--source trusted|stranger]`, by default
 * both sources, one after the other. Ends with an error when an honest call failed or the room lost sound.
 */
import { parseArgs } from 'node:util';
import { floodService, type FloodedService, type FloodSource } from './flooded-service.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    rate: { type: 'string', default: '2000' },
    source: { type: 'string' },
  },
});
const [seconds, perSecond] = [Number(values.seconds), Number(values.rate)];
const { source } = values;
if (!(seconds > 0 && perSecond > 0) || !(source === undefined || source === 'trusted' || source === 'stranger')) {
  process.stderr.write('seconds and rate are numbers, source is trusted or stranger\n');
  process.exit(2);
}

const sources: readonly FloodSource[] = source === undefined ? ['trusted', 'stranger'] : [source];
for (const each of sources) {
  const figures = await floodService({ seconds, perSecond, source: each, untilForgotten: true });
  process.stdout.write(`${describe(each, figures)}\n\n`);
  if (figures.failures.length > 0 || figures.room.some(({ lost }) => lost > 0)) process.exitCode = 1;
}

function describe(name: FloodSource, figures: FloodedService): string {
  const { flood, answeredAfterMs, room, mebibytes, calls } = figures;
  const at = (part: number) => Math.round(answeredAfterMs[Math.floor(part * (answeredAfterMs.length - 1))] ?? NaN);
  const answers = Object.entries(flood.answers).map(([status, count]) => `${count} × ${status}`);
  return [
    `a ${name} address for ${seconds} s`,
    `  INVITEs sent         ${flood.sent} (${Math.round(flood.sent / seconds)} a second); answers: ${answers.join(', ') || 'none'}`,
    `  honest calls         ${figures.honestCalls - figures.failures.length} of ${figures.honestCalls} succeeded`,
    ...figures.failures.map((failure) => `    failed: ${failure}`),
    `  INVITE to 200, ms    p50 ${at(0.5)}, p95 ${at(0.95)}, longest ${at(1)}`,
    ...room.map((leg) => {
      const { received, due, lost, silentMs, longestSpacingMs } = leg;
      return `  phone in the room    ${received} of ${due} packets, ${lost} lost, silence ${silentMs} ms, longest spacing ${longestSpacingMs} ms`;
    }),
    `  the service          ${figures.cores.toFixed(2)} cores; ${mebibytes.before} MiB before, ${mebibytes.after} MiB after`,
    `  calls held           ${calls.after} after the flood, ${calls.forgotten} in the end (3 are in the room)`,
  ].join('\n');
}
