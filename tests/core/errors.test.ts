import { expect, test } from 'vitest';
import * as errors from '../../src/core/errors.js';
import { errorOf, hostError } from '../../src/train/host.js';

test('every error has the name that it is exported by, and travels by it', () => {
  const classes = Object.entries(errors);
  expect(classes.length).toBeGreaterThan(8);
  for (const [name, Class] of classes) {
    const error = new Class({ operation: 'do', expected: 'a', got: 'b', remedy: 'Do c.' });
    expect(error.name).toBe(name);
    const arrived = errorOf(structuredClone(hostError(error)));
    expect(arrived).toBeInstanceOf(Class);
    expect([arrived.name, arrived.message]).toEqual([name, 'do: expected a, got b. Do c.']);
  }
});

test('a name does not depend on what a bundler calls the class', () => {
  const { NonFiniteError: a } = errors;
  expect(Object.getOwnPropertyDescriptor(new a('x'), 'name')?.value).toBe('NonFiniteError');
  Object.defineProperty(a, 'name', { value: 'b' }); // as a minifier does
  expect(new a('x').name).toBe('NonFiniteError');
});
