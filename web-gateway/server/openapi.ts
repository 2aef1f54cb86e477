/** The API's own description (OpenAPI 3.1), generated from the operations and their schemas. */
import { z } from 'zod';
import { problem } from '../../config/contract/index.ts';
import type { Access, Operation } from './operation.ts';

const PROBLEM = {
  description: 'A problem (RFC 9457); `code` is stable.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

export function describeApi(operations: readonly Operation[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const each of operations) {
    const path = `/api/v1${each.path.replace(/:([A-Za-z]+)/g, '{$1}')}`;
    paths[path] = { ...paths[path], [each.method]: describeOperation(each) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Partyline', version, description: 'A telephony-first conference bridge.' },
    paths,
    components: {
      schemas: { Problem: jsonSchema(problem, 'output') },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function describeOperation(each: Operation): object {
  const { status, schema, description } = each.answers;
  return {
    summary: each.summary,
    ...securityOf(each.access),
    parameters: [...pathParameters(each.path), ...queryParameters(each.query)],
    ...(each.body === undefined
      ? {}
      : {
          requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(each.body, 'input') } } },
        }),
    responses: {
      [status]: {
        description,
        ...(schema === undefined ? {} : { content: { 'application/json': { schema: jsonSchema(schema, 'output') } } }),
      },
      default: PROBLEM,
    },
  };
}

/** `participant` is the token of a join; the others are the roles of a login. */
function securityOf(access: Access): object {
  if (access === 'public') return {};
  const roles = access === 'participant' ? [access] : ['root', ...access];
  return { security: [{ bearer: [] }], 'x-roles': roles };
}

function pathParameters(path: string): object[] {
  return Array.from(path.matchAll(/:([A-Za-z]+)/g), (match) => ({
    name: match[1],
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: z.ZodType | undefined): object[] {
  if (query === undefined) return [];
  const schema = jsonSchema(query, 'input');
  const properties = (schema['properties'] ?? {}) as Record<string, object>;
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: 'query',
    required: false,
    schema: property,
  }));
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
