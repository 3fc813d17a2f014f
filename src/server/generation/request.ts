/** Fields of a request: checked by a schema, wrong ones named. */
import { z } from 'zod';
import { HttpError } from '../errors.js';

/** @throws HttpError 400 naming the first field that is wrong */
export function checkFields<T>(operation: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const field = issue.path.join('.');
  const given = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
  throw new HttpError(
    400,
    {
      operation: `${operation}, field '${field}'`,
      expected: 'a value that fits it',
      got: given === undefined ? 'none' : JSON.stringify(given).slice(0, 60),
      remedy: `${issue.message}.`,
    },
    { code: 'invalid_value', field },
  );
}

/** Fields of the interface that change what comes out and that genera has no equal for: only their neutral value. */
export function neutral(value: unknown): z.ZodType {
  const message = `Only ${JSON.stringify(value)} is possible here`;
  return z
    .unknown()
    .optional()
    .refine((given) => given == null || given === value, { message });
}

/** Of noise and of draws; one is chosen where none is asked for. */
export const seedField = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).nullish();

/** A seed that is small enough to be written down. */
export function anySeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}
