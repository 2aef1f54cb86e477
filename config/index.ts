export { Ending, type EndingOptions } from './ending.ts';
export { loadProcessSettings } from './process.ts';
export { createLogger, redactText, REDACTED_FIELDS, type Logger } from './logger.ts';
export { describeSettings, environmentName, type SettingName, type Settings, type SettingsInput } from './schema.ts';
export { loadSettings, SettingsError, type SettingsSources } from './settings.ts';
