import { expect, it } from 'vitest';
import { assert, unreachable } from '../../../src/util/assert.ts';

it('assert lets the true pass and stops at the false', () => {
  expect(() => assert(true, 'fine')).not.toThrow();
  expect(() => assert(false, 'two ends')).toThrow('invariant broken: two ends');
});

it('unreachable names what got there', () => {
  expect(() => unreachable('odd' as never)).toThrow('unreachable value: odd');
});
