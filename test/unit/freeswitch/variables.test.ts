import { expect } from 'chai';
import fc from 'fast-check';
import {
  ChannelVariables,
  isFalse,
  isTrue,
  MAX_VALUE_LENGTH,
  MAX_VARIABLES,
} from '../../../embedded/freeswitch/channel/channel-variables.ts';
import { exportVariable, multiset, set, unset } from '../../../embedded/freeswitch/applications/variables.ts';
import type { Application } from '../../../embedded/freeswitch/channel/application-runner.ts';
import { pieces } from './pieces.ts';

describe('channel variables', () => {
  it('replace ${name} in a text, and nothing else', () => {
    const variables = new ChannelVariables();
    variables.setAll([
      ['a', '1'],
      ['b', '${a}'],
      ['list', ['first', 'second']],
    ]);
    expect(variables.expand('${a} ${b} ${list} ${missing}.')).to.equal('1 ${a} first .');
    for (const text of ['$a', '${a', '${system(id)}', '${a b}', '$${a}'.slice(1, 3), '${}', '@{a}']) {
      expect(variables.expand(text)).to.equal(text);
    }
  });

  it('expand any text to something short enough', () => {
    const variables = new ChannelVariables();
    variables.set('big', 'x'.repeat(MAX_VALUE_LENGTH));
    expect(variables.expand('${big}'.repeat(100))).to.have.length(65_536);
    fc.assert(fc.property(fc.string(), (text) => typeof variables.expand(text) === 'string'));
  });

  it('are removed by nothing', () => {
    const variables = new ChannelVariables();
    variables.set('a', '1');
    variables.set('a', '');
    expect([...variables]).to.deep.equal([]);
  });

  it('are kept in the order in which they were last set', () => {
    const variables = new ChannelVariables();
    for (const name of ['a', 'b', 'a']) variables.set(name, 'x');
    expect([...variables].map(([name]) => name)).to.deep.equal(['b', 'a']);
  });

  it('are limited in number and size, and have names of one line', () => {
    const variables = new ChannelVariables();
    variables.set('big', 'x'.repeat(MAX_VALUE_LENGTH + 1));
    variables.set('evil\nEvent-Name', 'x');
    variables.set('', 'x');
    expect([...variables]).to.deep.equal([]);
    for (let count = 0; count <= MAX_VARIABLES; count++) variables.set(`v${count}`, 'x');
    expect([...variables]).to.have.length(MAX_VARIABLES);
    variables.set('v0', 'y');
    expect(variables.get('v0')).to.equal('y');
  });

  it('have elements', () => {
    const variables = new ChannelVariables();
    variables.setAll([
      ['list', ['a', 'b']],
      ['plain', 'c'],
    ]);
    expect([
      variables.getElement('list', 1),
      variables.getElement('plain', 0),
      variables.getElement('plain', 1),
    ]).to.deep.equal(['b', 'c', undefined]);
  });

  it('are true and false in FreeSWITCH’s words', () => {
    expect(['true', 'YES', 'on', '1', '-5', 'enabled'].every(isTrue)).to.equal(true);
    expect(['false', 'no', '0', 'x', ''].some(isTrue)).to.equal(false);
    expect(['false', 'NO', 'off', '0'].every(isFalse)).to.equal(true);
    expect(isTrue(undefined) || isFalse(undefined) || isFalse('x')).to.equal(false);
  });
});

describe('applications that set variables', () => {
  const cases: [what: string, application: Application, argument: string, expected: [string, string][]][] = [
    ['set', set, 'a=b=c', [['a', 'b=c']]],
    ['set without a value', set, 'old', []],
    ['set to _undef_', set, 'old=_undef_', []],
    ['multiset by spaces', multiset, 'a=1 b=2', withOld('a=1', 'b=2')],
    ['multiset by a delimiter', multiset, '^^;a=1 2;b=3', withOld('a=1 2', 'b=3')],
    ['export', exportVariable, 'nolocal:a=1', withOld('a=1', 'export_vars=a')],
    ['unset', unset, 'old', []],
  ];
  for (const [what, application, argument, expected] of cases) {
    it(what, async () => {
      const channel = pieces().channel();
      channel.variables.set('old', 'x');
      const context = {
        channel,
        wait: () => Promise.reject(new Error('nothing to wait for')),
        respond: () => undefined,
      };
      await application(context, argument);
      if (what === 'set') channel.variables.set('old', undefined);
      expect([...channel.variables]).to.deep.equal(expected);
    });
  }
});

function withOld(...assignments: string[]): [string, string][] {
  return [['old', 'x'], ...assignments.map((text) => text.split('=') as [string, string])];
}
