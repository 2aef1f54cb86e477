import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeSettings, environmentName, loadSettings, SettingsError } from '../../../config/index.ts';

const from = (environment: Record<string, string>, file?: string) =>
  loadSettings(file === undefined ? { environment } : { environment, file });

const refusal = (environment: Record<string, string>, file?: string): string => {
  try {
    from(environment, file);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  throw new Error('the settings were taken');
};

describe('settings', () => {
  let folder: string;
  const yaml = (text: string): string => {
    const file = join(folder, 'partyline.yaml');
    writeFileSync(file, text);
    return file;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'partyline-settings-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('have a default for everything that can have one', () => {
    const settings = from({});
    expect(settings.bind).to.equal('127.0.0.1');
    expect(settings.sipPort).to.equal(5060);
    expect(settings.trustedSources).to.deep.equal(['127.0.0.0/8', '::1/128']);
    expect(settings.freeswitch).to.deep.equal([]);
  });

  it('put the environment over the file and the file over the default', () => {
    const file = yaml('sipPort: 6060\nhttpPort: 9090\n');
    const settings = from({ PARTYLINE_HTTP_PORT: '0', OTHER: 'x' }, file);
    expect(settings.sipPort).to.equal(6060);
    expect(settings.httpPort).to.equal(0);
    expect(settings.codeTries).to.equal(3);
  });

  it('read lists as commas or JSON from the environment and as YAML from the file', () => {
    const file = yaml('trunks:\n  - name: carrier\n    addresses: [192.0.2.0/24]\n');
    const settings = from(
      { PARTYLINE_TRUSTED_SOURCES: '10.0.0.0/8, 192.0.2.7', PARTYLINE_DIDS: '[{"number":"+18005550100"}]' },
      file,
    );
    expect(settings.trustedSources).to.deep.equal(['10.0.0.0/8', '192.0.2.7']);
    expect(settings.dids).to.deep.equal([{ number: '+18005550100', tenant: 'default' }]);
    expect(settings.trunks).to.deep.equal([{ name: 'carrier', addresses: ['192.0.2.0/24'] }]);
  });

  it('read the real servers as host:port:secret', () => {
    const settings = from({
      PARTYLINE_DRACHTIO: 'drachtio.example:9022:cymru',
      PARTYLINE_FREESWITCH: '192.0.2.1:8021:one, [2001:db8::1]:8021:two:with:colons',
    });
    expect(settings.drachtio).to.deep.equal({ host: 'drachtio.example', port: 9022, secret: 'cymru' });
    expect(settings.freeswitch).to.deep.equal([
      { host: '192.0.2.1', port: 8021, secret: 'one' },
      { host: '2001:db8::1', port: 8021, secret: 'two:with:colons' },
    ]);
  });

  it('know how calls leave by a trunk', () => {
    const outbound = { uri: 'sip:carrier.example;transport=tcp', username: 'u', password: 'p', realm: 'r' };
    const trunks = [{ name: 'a', addresses: ['192.0.2.0/24'], outbound }];
    expect(from({ PARTYLINE_TRUNKS: JSON.stringify(trunks) }).trunks).to.deep.equal(trunks);
  });

  it('are frozen to the bottom', () => {
    const settings = from({ PARTYLINE_DIDS: '[{"number":"100"}]' });
    expect(Object.isFrozen(settings)).to.equal(true);
    expect(Object.isFrozen(settings.dids)).to.equal(true);
    expect(Object.isFrozen(settings.dids[0])).to.equal(true);
  });

  const wrong: [string, Record<string, string>, RegExp][] = [
    ['an unknown variable', { PARTYLINE_SIPPORT: '1' }, /PARTYLINE_SIPPORT/],
    ['a port that is no number', { PARTYLINE_SIP_PORT: 'five' }, /sipPort.*PARTYLINE_SIP_PORT.*0 to 65535/],
    ['a port out of range', { PARTYLINE_HTTP_PORT: '65536' }, /httpPort.*PARTYLINE_HTTP_PORT/],
    ['an address that is none', { PARTYLINE_BIND: 'localhost' }, /bind.*PARTYLINE_BIND.*IP address/],
    ['a range that is none', { PARTYLINE_TRUSTED_SOURCES: '10.0.0.0/99' }, /trustedSources/],
    ['a list that is no JSON', { PARTYLINE_DIDS: '[{' }, /dids.*PARTYLINE_DIDS/],
    ['a server without a secret', { PARTYLINE_DRACHTIO: 'host:9022' }, /drachtio.*host:port:secret/],
    ['one real server without the other', { PARTYLINE_DRACHTIO: 'a:9022:b' }, /both real servers or neither/],
    ['an admin without a password', { PARTYLINE_ADMIN_EMAIL: 'a@example.org' }, /adminPassword/],
    [
      'a short admin password',
      { PARTYLINE_ADMIN_EMAIL: 'a@example.org', PARTYLINE_ADMIN_PASSWORD: 'short' },
      /10 characters/,
    ],
    ['ports that end before they begin', { PARTYLINE_RTP_PORTS: '30000-20000' }, /rtpPorts.*before it begins/],
    ['control characters', { PARTYLINE_DATA_DIR: 'a\nb' }, /dataDir.*control/],
    ['a public address that is no web address', { PARTYLINE_PUBLIC_URL: 'javascript:alert(1)' }, /publicUrl.*https?:/],
    ['a field that a number does not have', { PARTYLINE_DIDS: '[{"number":"100","lang":"de"}]' }, /dids.*at 0.*lang/],
    [
      'a field that a trunk does not have',
      { PARTYLINE_TRUNKS: '[{"name":"a","addresses":["::1"],"x":1}]' },
      /trunks.*x/,
    ],
    [
      'a trunk with half an account',
      { PARTYLINE_TRUNKS: '[{"name":"a","addresses":["::1"],"outbound":{"uri":"sip:a","username":"u"}}]' },
      /trunks.*username, password and realm go together/,
    ],
    [
      'a trunk that leads nowhere',
      { PARTYLINE_TRUNKS: '[{"name":"a","addresses":["::1"],"outbound":{"uri":"tel:+1"}}]' },
      /trunks.*sip:host:port/,
    ],
    ['a certificate without its key', { PARTYLINE_SIP_CERTIFICATE_FILE: 'a.pem' }, /sipKeyFile.*go together/],
    ['a named file that is not there', { PARTYLINE_CONFIG: '/nonexistent/partyline.yaml' }, /nonexistent/],
  ];
  for (const [title, environment, message] of wrong) {
    it(`stop the start with a sentence that names ${title}`, () => {
      expect(refusal(environment)).to.match(message);
    });
  }

  it('name the file and the key when the file is wrong', () => {
    const file = yaml('sipPort: many\n');
    expect(refusal({}, file)).to.contain('sipPort').and.to.contain(file);
    expect(refusal({}, yaml('sipPorts: 1\n'))).to.contain('sipPorts');
    expect(refusal({}, yaml('- a\n- b\n'))).to.contain('keys and values');
    expect(refusal({}, yaml('a: [\n'))).to.contain('not YAML');
  });

  it('never repeat a secret in a refusal', () => {
    expect(refusal({ PARTYLINE_ADMIN_EMAIL: 'no', PARTYLINE_ADMIN_PASSWORD: 'hunter2hunter2' })).not.to.contain(
      'hunter2',
    );
    expect(refusal({ PARTYLINE_SECRET: 'tooshort-secret' })).not.to.contain('tooshort-secret');
    const broken = refusal({}, yaml('adminPassword: hunter2hunter2: x\n'));
    expect(broken)
      .to.match(/not YAML: .* at line \d/)
      .and.not.to.contain('hunter2');
  });

  it('are described one by one for the table in the docs', () => {
    const rows = describeSettings();
    for (const row of rows) expect(row.description, row.key).to.not.equal('');
    expect(new Set(rows.map((row) => row.environment)).size).to.equal(rows.length);
    expect(environmentName('rtpTimeoutSeconds')).to.equal('PARTYLINE_RTP_TIMEOUT_SECONDS');
  });
});
