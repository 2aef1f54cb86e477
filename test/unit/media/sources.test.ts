import { expect } from 'chai';
import fc from 'fast-check';
import { SampleSource, SilenceSource, type AudioSource } from '../../../embedded/media/sources/audio-source.ts';
import { ToneSource, parseToneProgram, tonePeak } from '../../../embedded/media/sources/tone-source.ts';
import { FRAME, amplitudeOf, peak } from './helpers.ts';

/** All that a source gives, up to `most` samples. */
function drain(source: AudioSource, most = 80_000): Int16Array {
  const all: number[] = [];
  const frame = new Int16Array(FRAME);
  while (all.length < most) {
    const count = source.read(frame);
    all.push(...frame.subarray(0, count));
    if (count < FRAME) break;
  }
  return Int16Array.from(all);
}

const tones = (text: string, most?: number): Int16Array => drain(new ToneSource(parseToneProgram(text)!), most);
const ms = (samples: Int16Array, from: number, to: number): Int16Array => samples.subarray(from * 8, to * 8);

describe('tone stream', () => {
  it('plays tones and pauses for as long as told', () => {
    const sound = tones('%(200,100,440,480)');
    expect(sound.length).to.equal(2400);
    for (const hz of [440, 480]) {
      expect(amplitudeOf(ms(sound, 0, 200), hz)).to.be.closeTo(tonePeak(-7) / 2, 300);
    }
    expect(peak(ms(sound, 200, 300))).to.equal(0);
  });

  it('plays several tones one after the other', () => {
    const sound = tones('%(100,0,400);%(100,50,800)%(100,0,1200)');
    expect(sound.length).to.equal(350 * 8);
    for (const [from, hz] of [
      [0, 400],
      [100, 800],
      [250, 1200],
    ] as const) {
      expect(amplitudeOf(ms(sound, from, from + 100), hz)).to.be.greaterThan(5000);
    }
  });

  it('plays all as often as loops says: once for 0 and 1, for ever for −1', () => {
    expect(tones('%(100,100,400);loops=3').length).to.equal(3 * 1600);
    expect(tones('%(100,100,400);loops=1').length).to.equal(1600);
    expect(tones('%(100,100,400);loops=0').length).to.equal(1600);
    expect(tones('%(100,100,400);loops=-1', 100_000).length).to.equal(100_000);
  });

  it('repeats one tone with l= and the whole with L=', () => {
    expect(tones('l=3;%(100,0,400)').length).to.equal(2400);
    expect(tones('L=2;%(100,0,400);%(50,0,500)').length).to.equal(2400);
  });

  it('changes the volume with v=, in decibels', () => {
    const sound = tones('v=-20;%(100,0,400);v=-26;%(100,0,400);v=5;%(100,0,400)');
    const [loud, quiet, same] = [0, 100, 200].map((from) => amplitudeOf(ms(sound, from, from + 100), 400));
    expect(loud).to.be.closeTo(tonePeak(-20), 20);
    expect(quiet! / loud!).to.be.closeTo(0.5, 0.02);
    expect(same, 'above 0 is refused').to.be.closeTo(quiet!, 5);
  });

  it('fades with >=, <= and +=', () => {
    const sound = tones('v=-10;>=20;+=2;%(200,0,400)');
    expect(amplitudeOf(ms(sound, 180, 200), 400)).to.be.lessThan(amplitudeOf(ms(sound, 0, 20), 400) / 4);
    const louder = tones('v=-40;<=20;+=2;%(200,0,400)');
    expect(amplitudeOf(ms(louder, 180, 200), 400)).to.be.greaterThan(amplitudeOf(ms(louder, 0, 20), 400) * 4);
  });

  it('plays keys, for as long as d= and w= say', () => {
    const sound = tones('d=100;w=50;5#');
    expect(sound.length).to.equal(300 * 8);
    expect(amplitudeOf(ms(sound, 0, 100), 770)).to.be.greaterThan(3000);
    expect(amplitudeOf(ms(sound, 150, 250), 1477)).to.be.greaterThan(3000);
  });

  it('has its phase run on from frame to frame', () => {
    const sound = tones('%(1000,0,333)');
    const steepest = sound.reduce(
      (most, sample, index) => Math.max(most, Math.abs(sample - (sound[index - 1] ?? 0))),
      0,
    );
    expect(steepest).to.be.lessThan((tonePeak(-7) * 2 * Math.PI * 333) / 8000 + 10);
  });

  for (const text of [
    '',
    '%',
    '%()',
    '%(100,100)',
    '%(0,0,400);loops=-1',
    'v=-7',
    '%(100,0,abc)',
    '%(100,0,99999)',
    'x'.repeat(5000),
  ]) {
    it(`plays nothing for ${JSON.stringify(text.slice(0, 30))}`, () =>
      expect(parseToneProgram(text)).to.equal(undefined));
  }

  it('comes to an end or goes on, but never hangs or throws, whatever is asked', () => {
    const piece = fc.constantFrom(
      '%(',
      '100',
      ',',
      '0',
      '440',
      ')',
      ';',
      'l=',
      'L=',
      '-1',
      'loops=',
      'v=',
      '>=',
      '5',
      'w=',
      '99999999999',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((pieces) => pieces.join('')),
        ),
        (text) => {
          const program = parseToneProgram(text);
          if (program) drain(new ToneSource(program), 1600);
        },
      ),
    );
  });
});

describe('sources', () => {
  it('gives samples to the end and tells where it is', () => {
    const source = new SampleSource(new Int16Array(400).fill(5));
    expect(drain(source)).to.deep.equal(new Int16Array(400).fill(5));
    expect(source.offset).to.equal(400);
    expect(source.read(new Int16Array(FRAME))).to.equal(0);
  });

  it('begins again without a seam when looped; nothing looped is nothing', () => {
    const source = new SampleSource(
      Int16Array.from({ length: 100 }, (_, index) => index),
      { loop: true },
    );
    const sound = drain(source, 480);
    expect(sound.every((sample, index) => sample === index % 100)).to.equal(true);
    expect(drain(new SampleSource(new Int16Array(0), { loop: true }))).to.have.length(0);
  });

  it('is silent for a time or for ever, with faint noise if wanted', () => {
    expect(drain(new SilenceSource(500)).length).to.equal(500);
    expect(drain(new SilenceSource(Infinity), 3200).length).to.equal(3200);
    const noise = drain(new SilenceSource(8000, 30));
    expect(peak(noise)).to.be.within(25, 30);
  });
});
