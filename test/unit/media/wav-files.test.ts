import { expect } from 'chai';
import { mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALAW, MULAW } from '../../../embedded/wire/g711.ts';
import { parseWavHeader, serializeWavHeader, type WavFormat } from '../../../embedded/wire/wav.ts';
import { SoundLibrary } from '../../../embedded/media/sources/sound-library.ts';
import { decodeWav } from '../../../embedded/media/sources/wav-file.ts';
import { RecorderSet } from '../../../embedded/media/worker/recorder-set.ts';
import { WavRecorder } from '../../../embedded/media/worker/wav-recorder.ts';
import { FRAME, amplitudeOf, level, sine } from './helpers.ts';

const breathe = async (): Promise<void> => undefined;

function pcm(samples: Int16Array, format: Partial<WavFormat> = {}): Buffer {
  const body = Buffer.alloc(samples.length * 2);
  samples.forEach((sample, index) => body.writeInt16LE(sample, 2 * index));
  return Buffer.concat([
    serializeWavHeader({ encoding: 'pcm16', channels: 1, sampleRate: 8000, ...format }, body.length),
    body,
  ]);
}

/** A sine sampled at another rate. */
function tone(hz: number, rate: number, seconds = 0.5): Int16Array {
  return Int16Array.from({ length: rate * seconds }, (_, index) =>
    Math.round(8000 * Math.sin((2 * Math.PI * hz * index) / rate)),
  );
}

const middle = (samples: Int16Array): Int16Array => samples.subarray(800, 3200);

describe('WAV files', () => {
  it('are taken as they are at 8 kHz', async () => {
    const samples = sine(440, 1000);
    expect(await decodeWav(pcm(samples), breathe)).to.deep.equal(samples);
  });

  for (const rate of [11_025, 16_000, 22_050, 32_000, 44_100, 48_000]) {
    it(`are brought from ${rate} to 8,000 samples a second: length, pitch and loudness stay`, async () => {
      const samples = await decodeWav(pcm(tone(1000, rate), { sampleRate: rate }), breathe);
      expect(samples.length).to.be.closeTo(4000, 1);
      expect(amplitudeOf(middle(samples), 1000)).to.be.closeTo(8000, 150);
    });

    it(`lose what does not fit into 8,000 samples instead of folding it back, from ${rate}`, async () => {
      const above = await decodeWav(pcm(tone(5200, rate), { sampleRate: rate }), breathe);
      expect(amplitudeOf(middle(above), 2800)).to.be.lessThan(40);
      const highest = await decodeWav(pcm(tone(3400, rate), { sampleRate: rate }), breathe);
      expect(amplitudeOf(middle(highest), 3400)).to.be.within(7000, 8200);
    });
  }

  it('become one channel', async () => {
    const stereo = Int16Array.from({ length: 400 }, (_, index) => (index % 2 === 0 ? 1000 : 3000));
    expect(await decodeWav(pcm(stereo, { channels: 2 }), breathe)).to.deep.equal(new Int16Array(200).fill(2000));
  });

  it('may hold µ-law, A-law or 8 bits', async () => {
    for (const [encoding, expected] of [
      ['mulaw', MULAW.toLinear[0x93]!],
      ['alaw', ALAW.toLinear[0x93]!],
      ['pcm8', (0x93 - 128) * 256],
    ] as const) {
      const file = Buffer.concat([
        serializeWavHeader({ encoding, channels: 1, sampleRate: 8000 }, 10),
        Buffer.alloc(10, 0x93),
      ]);
      expect([...(await decodeWav(file, breathe))]).to.deep.equal(Array(10).fill(expected));
    }
  });

  it('are decoded in slices, so that the clock is not held up', async () => {
    let breaths = 0;
    await decodeWav(pcm(tone(440, 48_000, 10), { sampleRate: 48_000 }), async () => {
      breaths++;
    });
    expect(breaths).to.be.at.least(14);
  });
});

describe('sound library', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'sounds-'))));
  after(() => rm(folder, { recursive: true }));
  const frame = new Int16Array(FRAME);

  it('opens files, and again after they were changed', async () => {
    const library = new SoundLibrary();
    const path = join(folder, 'a.WAV');
    await writeFile(path, pcm(level(7, 320)));
    const [one, two] = await Promise.all([library.open(path), library.open(path)]);
    expect(one!.read(frame)).to.equal(FRAME);
    expect(frame[0]).to.equal(7);
    expect(two!.offset, 'each plays on its own').to.equal(0);
    await writeFile(path, pcm(level(9, 320)));
    await utimes(path, new Date(), new Date(Date.now() + 5000));
    (await library.open(path))!.read(frame);
    expect(frame[0]).to.equal(9);
  });

  it('knows tones and silence', async () => {
    const library = new SoundLibrary();
    for (const uri of ['tone_stream://%(100,0,440)', 'silence_stream://100', 'silence_stream://-1,1400']) {
      expect((await library.open(uri))?.read(frame), uri).to.equal(FRAME);
    }
  });

  it('plays the music it was given round and round, without a seam', async () => {
    const path = join(folder, 'music.wav');
    const round = Int16Array.from({ length: 200 }, (_, index) => 4 * index);
    await writeFile(path, pcm(round));
    const music = await new SoundLibrary(path).open('local_stream://moh');
    const heard: number[] = [];
    while (heard.length < 1000) {
      expect(music!.read(frame)).to.equal(FRAME);
      heard.push(...frame);
    }
    expect(heard.slice(0, 1000)).to.deep.equal(Array.from({ length: 5 }, () => [...round]).flat());
    const none = [
      new SoundLibrary(),
      new SoundLibrary(join(folder, 'none.wav')),
      new SoundLibrary('local_stream://a.wav'),
    ];
    for (const library of none) expect(await library.open('local_stream://moh')).to.equal(undefined);
  });

  it('finds nothing in what cannot be played', async () => {
    const library = new SoundLibrary();
    await writeFile(join(folder, 'text.wav'), 'no sound');
    await writeFile(join(folder, 'a.mp3'), pcm(level(1)));
    for (const uri of [
      join(folder, 'none.wav'),
      join(folder, 'text.wav'),
      join(folder, 'a.mp3'),
      folder,
      `${folder}/a.wav\0`,
      'tone_stream://',
      'silence_stream://0',
      'silence_stream://x',
      'http://example.org/a.wav',
      '',
    ]) {
      expect(await library.open(uri), uri).to.equal(undefined);
    }
  });
});

describe('WAV recorder', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'records-'))));
  after(() => rm(folder, { recursive: true }));

  it('writes what it is given, and a header that is right', async () => {
    const path = join(folder, 'a/b/c.wav');
    const recorder = await WavRecorder.open(path);
    for (let n = 1; n <= 60; n++) recorder.write(level(n));
    recorder.paused = true;
    recorder.write(level(99));
    recorder.paused = false;
    recorder.write(level(61));
    expect(await recorder.finish()).to.deep.equal({ milliseconds: 61 * 20 });
    expect(await recorder.finish()).to.deep.equal({ milliseconds: 61 * 20 });
    recorder.write(level(100));
    const file = await readFile(path);
    expect(parseWavHeader(file)).to.include({ encoding: 'pcm16', channels: 1, sampleRate: 8000, dataBytes: 61 * 320 });
    expect(file.length).to.equal(44 + 61 * 320);
    for (let n = 0; n < 61; n++) expect(file.readInt16LE(44 + n * 320)).to.equal(n + 1);
  });

  it('refuses a disk that is full from the beginning', async () => {
    await symlink('/dev/full', join(folder, 'full.wav'));
    const refused = await WavRecorder.open(join(folder, 'full.wav')).catch((error: unknown) => error);
    expect(refused).to.include({ code: 'media/cannot-record' });
    expect((refused as Error).message).to.include('ENOSPC');
  });

  it('goes on when the disk becomes full, and says in the end that not all is there', async () => {
    let left = 30_000;
    const recorder = new WavRecorder('x.wav', {
      write: async (_bytes, _offset, length) => {
        left -= length;
        if (left < 0) throw new Error('ENOSPC');
        // A short write: the rest has to be written again.
        return { bytesWritten: Math.ceil(length / 2) };
      },
      close: async () => undefined,
    });
    for (let n = 0; n < 250; n++) recorder.write(level(n));
    const { milliseconds, fault } = await recorder.finish();
    expect(fault).to.equal('ENOSPC');
    expect(milliseconds).to.be.within(500, 1500);
  });

  it('drops sound rather than memory when the disk stands still', async () => {
    let release: () => void = () => undefined;
    const stuck = new Promise<void>((resolve) => (release = resolve));
    let written = 0;
    const recorder = new WavRecorder('x.wav', {
      write: async (_bytes, _offset, length) => {
        await stuck;
        written += length;
        return { bytesWritten: length };
      },
      close: async () => undefined,
    });
    for (let n = 0; n < 5000; n++) recorder.write(level(n));
    release();
    const { fault } = await recorder.finish();
    expect(fault).to.include('too slow');
    expect(written).to.be.lessThan(21 * 25 * 320 + 21 * 44);
  });

  it('keeps a set of files apart, pauses and ends each', async () => {
    const faults: string[] = [];
    const set = new RecorderSet((text) => faults.push(text));
    const [one, two] = [join(folder, '1.wav'), join(folder, '2.wav')];
    const code = (work: Promise<unknown>): Promise<unknown> =>
      work.catch((error: unknown) => (error as { code: string }).code);
    expect(await Promise.all([set.start(one), code(set.start(one)), set.start(two)])).to.deep.equal([
      undefined,
      'media/cannot-record',
      undefined,
    ]);
    expect(set.recording).to.equal(true);
    set.write(level(1));
    set.pause(two, true);
    set.write(level(1));
    expect([await set.stop(one), await set.stop(two)]).to.deep.equal([40, 20]);
    expect(await code(set.stop(one))).to.equal('media/not-recording');
    expect(set.recording).to.equal(false);
    expect(faults).to.deep.equal([]);
  });

  it('ends a recording that was being opened while all were closed', async () => {
    const set = new RecorderSet(() => undefined);
    const starting = set.start(join(folder, 'late.wav'));
    await set.closeAll();
    await starting;
    expect(set.recording).to.equal(false);
  });
});
