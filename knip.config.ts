/**
 * Knip configuration: what counts as an entrance, so that everything else unused is reported.
 *
 * The public doors come from package.json's exports; the list below adds the programs that only
 * a command line or a thread starts.
 */
import type { KnipConfig } from 'knip'

const config: KnipConfig = {
  workspaces: {
    '.': {
      entry: [
        'src/index.ts',
        'src/{kernel,testing}/index.ts',
        'src/cli/{main,child}.ts',
        // Ports are the vocabulary of what is needed, also where only types are taken.
        'src/ports/*.ts',
        'src/adapters/{libp2p,memory,msgpackr}/index.ts',
        'protocols/*.ts',
        'workers/*.ts',
        'examples/*.ts',
        'bench/{main,*/main,*/*/main}.ts',
        'tools/*.ts',
        '{bench,test}/**/*.program.ts',
        'test/**/*.test.ts',
      ],
      project: [
        '{src,protocols,actors,workers,examples,bench,test,tools}/**/*.ts',
        '!bench/peers/**',
      ],
    },
    'tools/runtime': {},
  },
  // Other worlds' compilers and the tools of the system; what needs them says so when they lack.
  ignoreBinaries: ['erl', 'unshare'],
  ignoreExportsUsedInFile: true,
  // A type that only one file uses yet is still the vocabulary of that file's door.
  exclude: ['types'],
}

export default config
