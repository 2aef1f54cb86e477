/**
 * Every regular expression of the rooms that read text from outside, against what makes expressions slow: long runs of
 * whatever they consist of, and then something that does not fit. The time may grow with the length, not with its square.
 */
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const EDGES = [
  'embedded/wire',
  'embedded/sip',
  'embedded/drachtio',
  'embedded/freeswitch',
  'bridge/sip',
  'bridge/media',
  'config/contract',
  'web-gateway/server',
];
/** Texts of our own, never of somebody else's: no expression there is read by this test. */
const OWN_TEXTS = new Set(['web-gateway/server/first-admin.ts', 'web-gateway/server/gateway.ts']);
const LENGTH = 6_000;
const TIMES = 4;
/** An expression whose time grows with the square takes some ten milliseconds for the short text. */
const SUSPICIOUS_MS = 4;
/** Four times the length: linear takes 4 times as long, quadratic 16 times. */
const QUADRATIC = 10;
const LONGEST_PIECE = 7;
const ENDS = ['', '\u0000', '\n\u0000'];
const PUMPS = [
  ' ',
  '\t',
  '\r',
  '\n',
  '\r\n ',
  '"',
  '\\',
  '<',
  'a',
  '0',
  ';',
  ',',
  '=',
  'a=',
  '; ',
  '\\"',
  'é',
  '\u{1f600}',
];

interface Found {
  readonly place: string;
  readonly expression: RegExp;
}

function expressionsOf(file: string): Found[] {
  const found: Found[] = [];
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/');
      const expression = new RegExp(node.text.slice(1, end), node.text.slice(end + 1).replace(/[gy]/g, ''));
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push({ place: `${file}:${line + 1} ${node.text}`, expression });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function allExpressions(): Found[] {
  return EDGES.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((file) => !OWN_TEXTS.has(file))
      .flatMap(expressionsOf),
  );
}

/** Something the expression nearly takes: its letters, with one of each class. */
function skeletonOf(source: string): string {
  return source
    .replace(/\[\^?(?:\\.|[^\]\\])*\]/g, 'a')
    .replace(/\\p\{\w+\}|\\w/g, 'a')
    .replace(/\\d/g, '0')
    .replace(/\\s/g, ' ')
    .replace(/\\S|\\b|\\B/g, '')
    .replace(/\\r/g, '\r')
    .replace(/\\n/g, '\n')
    .replace(/\\t/g, '\t')
    .replace(/\\(.)/g, '$1')
    .replace(/\(\?(?::|[=!]|<[=!]|<\w+>)|[()^$?*+|]|\{\d+,?\d*\}/g, '');
}

function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < text.length; from++) {
    for (let to = from + 1; to <= Math.min(text.length, from + LONGEST_PIECE); to++) pieces.push(text.slice(from, to));
  }
  return pieces;
}

function millisecondsFor(expression: RegExp, text: string): number {
  const before = performance.now();
  expression.test(text);
  return performance.now() - before;
}

/** The least of some: what else the machine does only adds. */
const least = (expression: RegExp, text: string) =>
  Math.min(...Array.from({ length: 3 }, () => millisecondsFor(expression, text)));

/** The text that makes it slow, if there is one. */
function slowText({ expression }: Found): string | undefined {
  const skeleton = skeletonOf(expression.source);
  const pumps = new Set([...PUMPS, ...piecesOf(skeleton)]);
  for (const pump of pumps) {
    for (const [begin, end] of [...ENDS.map((each) => ['', each] as const), [skeleton, '\u0000'] as const]) {
      const text = (length: number) => begin + pump.repeat(Math.ceil(length / pump.length)) + end;
      if (millisecondsFor(expression, text(LENGTH)) < SUSPICIOUS_MS) continue;
      const short = least(expression, text(LENGTH));
      const long = millisecondsFor(expression, text(TIMES * LENGTH));
      if (short > SUSPICIOUS_MS / 2 && long / short > QUADRATIC) return JSON.stringify(`${pump} × ${LENGTH}${end}`);
    }
  }
  return undefined;
}

describe('regular expressions at the edges', function () {
  this.timeout(120_000);

  it('would be found slow here if they were', () => {
    for (const expression of [/\r+$/, /^\s*x/m, /<([^>]*)>/, /Q\.850\s*;[^,]*cause/]) {
      expect(slowText({ place: '', expression }), expression.source).to.be.a('string');
    }
  });

  it('take time in proportion to the text, whatever it is', () => {
    const found = allExpressions();
    expect(found.length).to.be.at.least(150);
    const slow = found.flatMap((each) => {
      const text = slowText(each);
      return text === undefined ? [] : [`${each.place} with ${text}`];
    });
    expect(slow).to.deep.equal([]);
  });
});
