import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadPrimitives } from '../../../src/io/primitives.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

// In this order: a binary that was loaded once stays loaded.
describe('the choice of a library', () => {
  it('falls back to node:crypto where there is no binary', () => {
    const { platform } = process;
    Object.defineProperty(process, 'platform', { value: 'plan9' });
    try {
      expect(loadPrimitives().name).toBe('node');
      expect(() => loadPrimitives('sodium')).toThrow('plan9');
    } finally {
      Object.defineProperty(process, 'platform', { value: platform });
    }
  });

  it('is libsodium where it loads, as it does here', () => {
    expect(loadPrimitives().name).toBe('sodium');
  });

  it('is what the environment says', () => {
    vi.stubEnv('LFTPU_CRYPTO', 'node');
    expect(loadPrimitives().name).toBe('node');
    vi.stubEnv('LFTPU_CRYPTO', 'sodium');
    expect(loadPrimitives().name).toBe('sodium');
    vi.stubEnv('LFTPU_CRYPTO', 'none');
    expect(loadPrimitives().name).toBe('sodium');
  });

  it('is the argument before all', () => {
    vi.stubEnv('LFTPU_CRYPTO', 'sodium');
    expect(loadPrimitives('node').name).toBe('node');
    expect(loadPrimitives('node', 'BLAKE2b').hashBytes).toBe(64);
  });
});
