/** set, multiset, export, unset. */
import type { Application } from '../channel/application-runner.ts';
import type { ChannelVariables } from '../channel/channel-variables.ts';

export const set: Application = ({ channel }, argument) => assign(channel.variables, argument);

/** `^^<delimiter>a=1<delimiter>b=2`, or separated by spaces. */
export const multiset: Application = ({ channel }, argument) => {
  const marked = argument.startsWith('^^') && argument.length > 2;
  const assignments = marked ? argument.slice(3).split(argument[2]!) : argument.split(' ');
  for (const assignment of assignments) assign(channel.variables, assignment);
};

export const exportVariable: Application = ({ channel }, argument) => {
  const assignment = argument.replace(/^nolocal:/, '');
  assign(channel.variables, assignment);
  const name = nameOf(assignment);
  const exported = channel.variables.get('export_vars');
  if (name !== '') channel.variables.set('export_vars', exported === undefined ? name : `${exported},${name}`);
};

export const unset: Application = ({ channel }, argument) => channel.variables.set(argument.trim(), undefined);

/** `name=value`; no value, or `_undef_`, removes it. */
function assign(variables: ChannelVariables, assignment: string): void {
  const at = assignment.indexOf('=');
  const value = at < 0 ? '' : assignment.slice(at + 1);
  variables.set(nameOf(assignment), value === '_undef_' ? undefined : value);
}

function nameOf(assignment: string): string {
  const at = assignment.indexOf('=');
  return (at < 0 ? assignment : assignment.slice(0, at)).trim();
}
