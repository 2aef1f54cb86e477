/** Loads the settings once: defaults, then the YAML file, then the environment; the result is frozen. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { parse } from 'yaml';
import { environmentName, settingsSchema, type Settings, type SettingsInput } from './schema.ts';

const MAX_FILE_BYTES = 1024 * 1024;
const PREFIX = 'PARTYLINE_';
/** Variables with our prefix that are not settings. */
const NOT_SETTINGS = new Set(['PARTYLINE_CONFIG']);

/** A setting is wrong: `message` is a sentence that names it and where it was set. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

export interface SettingsSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** YAML file; a missing one is no fault unless it was asked for by PARTYLINE_CONFIG. */
  readonly file?: string;
  /** Wins over all: for tests. */
  readonly overrides?: SettingsInput;
}

/** @throws SettingsError naming the key and its place */
export function loadSettings(sources: SettingsSources): Settings {
  const asked = sources.environment['PARTYLINE_CONFIG'];
  const file = asked ?? sources.file;
  const fromFile = file === undefined ? {} : readFile(file, asked !== undefined);
  const fromEnvironment = readEnvironment(sources.environment);
  const merged = { ...fromFile, ...fromEnvironment, ...sources.overrides };
  const result = settingsSchema.safeParse(merged);
  if (result.success) return deepFreeze(result.data);
  const issue = result.error.issues[0];
  const key = issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path[0]?.toString();
  if (key === undefined || issue === undefined) throw new SettingsError('The settings are wrong.');
  if (issue.code === 'unrecognized_keys') {
    throw new SettingsError(`There is no setting named ${key} (in ${placeOf(key, fromEnvironment, file)}).`);
  }
  const inner = issue.path.length > 1 ? ` (at ${issue.path.slice(1).join('.')})` : '';
  throw new SettingsError(
    `Setting ${key} in ${placeOf(key, fromEnvironment, file)} is wrong${inner}: ${issue.message}.`,
  );
}

function placeOf(key: string, fromEnvironment: Record<string, unknown>, file: string | undefined): string {
  return key in fromEnvironment || file === undefined ? environmentName(key) : file;
}

function readFile(file: string, required: boolean): Record<string, unknown> {
  if (!existsSync(file)) {
    if (required) throw new SettingsError(`The settings file ${file} named by PARTYLINE_CONFIG does not exist.`);
    return {};
  }
  if (statSync(file).size > MAX_FILE_BYTES) throw new SettingsError(`The settings file ${file} is larger than 1 MiB.`);
  let content: unknown;
  try {
    content = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new SettingsError(
      `The settings file ${file} is not YAML: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (content === null || content === undefined) return {};
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new SettingsError(`The settings file ${file} must hold keys and values.`);
  }
  return content as Record<string, unknown>;
}

function readEnvironment(environment: SettingsSources['environment']): Record<string, unknown> {
  const names = new Map(Object.keys(settingsSchema.shape).map((key) => [environmentName(key), key]));
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || NOT_SETTINGS.has(name) || value === undefined || value === '') continue;
    const key = names.get(name);
    if (key === undefined) throw new SettingsError(`There is no setting ${name}; docs/settings.md lists them all.`);
    found[key] = value;
  }
  return found;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
