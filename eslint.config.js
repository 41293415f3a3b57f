// ESLint reads the code with its types. Layout is prettier's business, not ours.
import { readFileSync } from 'node:fs';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const layersUrl = new URL('test/tidy/layers.json', import.meta.url);
const { layers, pureGlobals } = JSON.parse(readFileSync(layersUrl, 'utf8'));

/** Import patterns a layer may not use. Inside one folder everything may import everything. */
function bannedImports(folder, layer) {
  const name = (path) => path.replace(/^src\//, '');
  const others = Object.keys(layers).filter((other) => other !== folder && other !== 'bin');
  const allowed = layer.imports.map((path) => (path.endsWith('.ts') ? path : `${path}/`));
  const relative = String.raw`^(?:\.\./)+(?:src/)?`;
  const back = allowed.length > 0 ? `(?!${allowed.map(name).join('|')})` : '';
  return [
    {
      regex: `${relative}${back}(?:${others.map(name).join('|')})/`,
      message: `${folder} may import only: ${layer.imports.join(', ')}`,
    },
    ...(layer.pure ? [{ regex: '^[^.]', message: `${folder} depends on nothing` }] : []),
    ...(layer.bannedModules ?? []).map((module) => ({
      regex: `^${module}$`,
      message: `not in ${folder}`,
    })),
  ];
}

/** What the tidy test says about each folder, said in the editor too. */
function layerRules([folder, layer]) {
  const names = layer.pure ? pureGlobals : (layer.bannedGlobals ?? []);
  const members = layer.pure ? ['Math.random'] : (layer.bannedMembers ?? []);
  return {
    files: [`${folder}/**/*.ts`],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: bannedImports(folder, layer) },
      ],
      'no-restricted-globals': [
        'error',
        ...names.map((name) => ({ name, message: `${folder} is handed time, chance and output` })),
      ],
      'no-restricted-properties': [
        'error',
        ...members.map((member) => {
          const [object, property] = member.split('.');
          return { object, property };
        }),
      ],
    },
  };
}

export default defineConfig(
  { ignores: ['dist/', 'coverage/', 'node_modules/', 'docs/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-constant-binary-expression': 'error',
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // Numbers print as themselves; anything else in a template is still an error.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    // Reading `bytes[i]!` inside a checked bound is the idiom of code that parses byte arrays under
    // noUncheckedIndexedAccess: a fallback would hide a wrong index, an assertion per byte costs.
    // io, service and cli do not index byte by byte, so there a `!` is a bug waiting.
    files: [
      'src/{util,wire,crypto,transport,sim}/**/*.ts',
      'bench/**/*.ts',
      'test/**/*.ts',
      'scripts/**/*.ts',
    ],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    // Programs that a person starts and reads.
    files: ['src/cli/**/*.ts', 'bin/**/*.ts', 'scripts/**/*.ts', 'bench/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  Object.entries(layers).map(layerRules),
);
