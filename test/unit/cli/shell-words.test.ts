import { describe, expect, it } from 'vitest';
import { targetOf } from '../../../src/cli/shell-session.ts';
import { splitWords } from '../../../src/cli/shell-words.ts';

describe('shell words', () => {
  it.each([
    ['', []],
    ['  # nothing', []],
    ['get a', [['get', 'a']]],
    ['  get   a b ; stop', [['get', 'a', 'b'], ['stop']]],
    ['get "a b" \'c;d\' e\\ f', [['get', 'a b', 'c;d', 'e f']]],
    ['get "" x', [['get', '', 'x']]],
    ['get a#b # tail', [['get', 'a#b']]],
    [';;stop;', [['stop']]],
    ['get \'a\\b\' "a\\"b"', [['get', 'a\\b', 'a"b']]],
    ['get a"b"c', [['get', 'abc']]],
  ])('%j', (line, commands) => {
    expect(splitWords(line)).toEqual({ ok: true, commands });
  });

  it('notices a quote that stays open', () => {
    expect(splitWords('get "a').ok).toBe(false);
    expect(splitWords("get 'a").ok).toBe(false);
  });
});

describe('connect IP PORT', () => {
  it('takes what the founding documents take', () => {
    expect(targetOf(['127.0.0.1', '2000'])).toEqual({ host: '127.0.0.1', port: 2000 });
    expect(targetOf(['::1', '65535'])).toEqual({ host: '::1', port: 65_535 });
    expect(targetOf(['lftp://host:5/'])).toEqual({ host: 'host', port: 5 });
  });

  it.each([
    ['127.0.0.1', '1999'],
    ['127.0.0.1', '65536'],
    ['127.0.0.1', 'x'],
    ['1.2.3', '2000'],
    ['1.2.3.999', '2000'],
  ])('asks to try %s %s again', (host, port) => {
    expect(() => targetOf([host, port])).toThrow(/please try again/);
  });

  it('does not pretend to change folders', () => {
    expect(() => targetOf(['host:2000:folder'])).toThrow(/served folder/);
    expect(() => targetOf([])).toThrow(/usage/);
  });
});
