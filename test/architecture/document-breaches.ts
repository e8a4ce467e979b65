/**
 * DocumentBreaches: what breaks the rules that hold the documents and the code together.
 *
 * Words that one rule refuses are put together from pieces, so that this file does not contain
 * what it is about.
 */
import { bare, file } from './breach.ts'
import type { Breach } from './breach.ts'
import type { Source } from './source.ts'

const requirementRows = (last: number): string =>
  Array.from({ length: last }, (_, index) => `| R${index + 1} | x | x | not yet |\n`).join('')
const manifest = (version: string): Source =>
  bare('package.json', JSON.stringify({ dependencies: { level: version } }))

export const documentBreaches: readonly Breach[] = [
  {
    rule: /error code is documented/,
    breaks: 'a code without a line',
    sources: [
      file('src/edge/node.ts', "throw new EdgeError('node_asleep', 'wake it')"),
      bare('docs/errors.md', ''),
    ],
    says: /throws node_asleep/,
  },
  {
    rule: /error code is documented/,
    breaks: 'either branch of a choice counts',
    sources: [
      file('src/edge/node.ts', "throw new EdgeError(up ? 'known' : 'node_gone', '')"),
      bare('docs/errors.md', '| `known` | 404 | x | y |\n'),
    ],
    says: /throws node_gone/,
  },
  {
    rule: /error code is documented/,
    breaks: 'a subclass with a code of its own',
    sources: [
      file(
        'src/edge/node.ts',
        "class Gone extends EdgeError { constructor() { super('gone', 'x') } }",
      ),
      bare('docs/errors.md', ''),
    ],
    says: /throws gone/,
  },
  {
    rule: /error code is documented/,
    breaks: 'a line without a code',
    sources: [bare('docs/errors.md', '| `forgotten` | 404 | x | y |\n')],
    says: /explains forgotten, which nothing throws/,
  },
  {
    rule: /example says what it prints/,
    breaks: 'an example that nothing runs',
    sources: [file('examples/counter.ts', 'console.log(1) // → 1')],
    says: /run by no test/,
  },
  {
    rule: /example says what it prints/,
    breaks: 'an example that promises nothing',
    sources: [
      file('examples/counter.ts', 'console.log(1)'),
      file('test/examples/examples.test.ts', ''),
    ],
    says: /says nowhere what it prints/,
  },
  {
    rule: /code block that names a file/,
    breaks: 'a README that shows yesterday',
    sources: [
      bare('README.md', '```ts examples/counter.ts\nold()\n```\n'),
      bare('examples/counter.ts', 'fresh()\n'),
    ],
    says: /shows another text/,
  },
  {
    rule: /code block that names a file/,
    breaks: 'a README that shows what never was',
    sources: [bare('README.md', '```ts examples/counter.ts\nold()\n```\n')],
    says: /which is missing/,
  },
  {
    rule: /requirement has exactly one row/,
    breaks: 'a requirement is forgotten',
    sources: [bare('docs/requirements.md', requirementRows(239))],
    says: /0 rows for R240/,
  },
  {
    rule: /requirement has exactly one row/,
    breaks: 'a requirement stands twice',
    sources: [bare('docs/requirements.md', requirementRows(240) + requirementRows(1))],
    says: /2 rows for R1,/,
  },
  {
    rule: /path that a document names/,
    breaks: 'a document names a file that went away',
    sources: [bare('docs/requirements.md', 'see `src/model/gone.ts`')],
    says: /names src\/model\/gone\.ts/,
  },
  {
    rule: /dependency is weighed/,
    breaks: 'a dependency that nobody weighed',
    sources: [manifest('10.0.0'), bare('docs/dependencies.md', '')],
    says: /level has no row/,
  },
  {
    rule: /dependency is weighed/,
    breaks: 'a version that floats',
    sources: [manifest('^10.0.0'), bare('docs/dependencies.md', '| `level` | x |')],
    says: /level is not pinned/,
  },
  {
    rule: /lock file knows/,
    breaks: 'a binary of another platform is not locked',
    sources: [
      bare(
        'package-lock.json',
        JSON.stringify({
          packages: { 'node_modules/x': { optionalDependencies: { '@x/win32-x64': '1.0.0' } } },
        }),
      ),
    ],
    says: /lacks node_modules\/@x\/win32-x64/,
  },
  {
    rule: /no text names a machine/,
    breaks: 'a path of one machine',
    sources: [bare('docs/notes.md', ['see ', 'home', 'somebody'].join('/'))],
    says: /a path of one machine/,
  },
  {
    rule: /no text names a machine/,
    breaks: 'the address of a registry',
    sources: [bare('package-lock.json', ['https:/', 'registry.example.org'].join('/'))],
    says: /a registry/,
  },
  {
    rule: /no text names a machine/,
    breaks: 'the tools of whoever wrote it',
    sources: [bare('docs/notes.md', ['written by an A', 'I'].join(''))],
    says: /a tool of whoever wrote it/,
  },
]
