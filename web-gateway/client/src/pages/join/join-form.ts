/** What is typed on the join page, checked before anything is asked of the server. Pure. */
import type { JoinRequest } from '../../../../../config/contract/index.ts';

export interface JoinForm {
  readonly code: string;
  readonly name: string;
  readonly personalCode: string;
}

export type JoinFormErrors = Partial<Record<keyof JoinForm, string>>;

const INVITATION = /^[A-Za-z0-9_-]{22,128}$/;
const DIGITS = /^\d{4,32}$/;

/** Blanks, dashes and dots are how people write long numbers; the # is a habit from the phone. */
export const digitsOf = (typed: string): string => typed.replace(/[\s.\-–/()#]/g, '');

/** What stands in `/j/…`: an access code, or an invitation. */
export function wayOf(way: string | undefined): { readonly code: string } | { readonly invitation: string } {
  if (way === undefined) return { code: '' };
  const digits = digitsOf(way);
  if (DIGITS.test(digits)) return { code: digits };
  return INVITATION.test(way) ? { invitation: way } : { code: '' };
}

/** `123456789` → `123 456 789`, as codes are read out. */
export const groupDigits = (digits: string): string => digits.replace(/\d{3}(?=\d)/g, '$& ');

/** Either the request, or what is wrong with the form. */
export function toRequest(
  form: JoinForm,
  invitation: string | undefined,
): { readonly request: JoinRequest } | { readonly errors: JoinFormErrors } {
  const name = form.name.trim();
  if (invitation !== undefined) return { request: { invitation, ...(name === '' ? {} : { name }) } };
  const code = digitsOf(form.code);
  const personalCode = digitsOf(form.personalCode);
  const errors: JoinFormErrors = {
    ...(code === '' ? { code: 'Type the access code you were given.' } : {}),
    ...(code !== '' && !DIGITS.test(code) ? { code: 'An access code is a number, usually of nine digits.' } : {}),
    ...(name === '' ? { name: 'Type the name the others should see.' } : {}),
    ...(personalCode !== '' && !DIGITS.test(personalCode) ? { personalCode: 'A personal code is a number.' } : {}),
  };
  if (Object.keys(errors).length > 0) return { errors };
  return { request: { code, name, ...(personalCode === '' ? {} : { personalCode }) } };
}

/** `tel:` with two pauses, so that the phone keys the code by itself (RFC 3966, with the comma all phones know). */
export function telLink(number: string, code: string | undefined): string {
  const dialled = number.replace(/[^\d+]/g, '');
  return code === undefined ? `tel:${dialled}` : `tel:${dialled},,${code}%23`;
}
